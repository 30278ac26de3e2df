// Package fault says what an error means to the user of the program: an exit code, and a hint
// what to do.
//
// An [Error] has both. An error without a code gets that of its phase: [Before] anything was
// changed it is a refusal, [During] a run it breaks off the run. [Of] is the one map from Okta's
// answers to code, words and hint, so that one event means the same in every command.
package fault
