// Package protect knows who is left alone in a run: whom the files of --exclude name, and who was
// reset lately, by the System Log.
//
// [Files] reads the files, looks all their users up before anything is changed, and keeps beside
// the results whom it found: whoever was left alone by a run stays so until its last row is
// settled. A file that protects nobody, or too few, ends the run before its first change.
//
// [Recent] asks the log who of the users was reset lately by other results: the same people under
// the name of another file would be reset again without a word. Who has enrolled a factor since is
// never left alone for that, as the factor may be an attacker's.
package protect
