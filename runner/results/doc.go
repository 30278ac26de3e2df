// Package results reads what runs of reset have left: the results CSV, or the plan of a dry run,
// and the [Manifest] beside it. What a run writes while it works is package ledger's.
//
// Nothing is read that isn't as a run wrote it: a [*DamageError] says what isn't, and what to do.
package results
