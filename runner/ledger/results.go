package ledger

import (
	"iter"

	"oktareset/runner/results"
)

// The names of package results that whoever writes needs, too.
type (
	Manifest    = results.Manifest
	Actor       = results.Actor
	Input       = results.Input
	Plan        = results.Plan
	LeftAlone   = results.LeftAlone
	Consent     = results.Consent
	Run         = results.Run
	Excluded    = results.Excluded
	Operator    = results.Operator
	Ending      = results.Ending
	Result      = results.Result
	Entry       = results.Entry
	DamageError = results.DamageError
)

// How consent was given, and the format of the manifest.
const (
	Format         = results.Format
	ConsentPrompt  = results.ConsentPrompt
	ConsentConfirm = results.ConsentConfirm
	ConsentSandbox = results.ConsentSandbox
	ConsentNone    = results.ConsentNone
)

// Scan is [results.Scan].
func Scan(path string) iter.Seq2[Entry, error] { return results.Scan(path) }

// Columns is [results.Columns].
func Columns(path string) ([]string, error) { return results.Columns(path) }

// ManifestPath is [results.ManifestPath].
func ManifestPath(path string) string { return results.ManifestPath(path) }

// ReadManifest is [results.ReadManifest].
func ReadManifest(path string) (Manifest, error) { return results.ReadManifest(path) }

// ReadOurManifest is [results.ReadOurManifest].
func ReadOurManifest(path string) (Manifest, error) { return results.ReadOurManifest(path) }

// JournalPath is [results.JournalPath].
func JournalPath(path string) string { return results.JournalPath(path) }

// CopyPath is [results.CopyPath].
func CopyPath(path string) string { return results.CopyPath(path) }
