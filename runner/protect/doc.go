// Package protect decides who is left alone in a run: users in the files of --exclude, and users
// whom the System Log shows as reset lately.
//
// [Files] reads the files, looks up all their users before anything is changed, and saves beside
// the results whom it found: a user left alone by a run stays so until its last row is settled. A
// file that protects nobody, or too few, ends the run before its first change.
//
// [Recent] reads in the log who of the users was reset lately by other results: otherwise the
// same people in a differently named file would be reset again without a word. A user who has
// enrolled a factor since is never left alone for that reason, because the factor may be an
// attacker's.
package protect
