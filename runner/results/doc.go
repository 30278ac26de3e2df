// Package results reads what runs of reset have left: the results CSV, or the plan of a dry run,
// and the [Manifest] beside it. Package ledger owns what a run writes while it works.
//
// It reads nothing that isn't as a run wrote it: a [*DamageError] says what is wrong, and what to
// do.
package results
