// Package fault says what an error means to whoever runs the program: an exit code, and a hint at
// what to do.
//
// An [Error] carries both. An error without a code gets that of the phase in which it came:
// [Before] anything was changed it is a refusal, [During] a run it breaks the run off. [Of] is the
// one map from what Okta answers to code, words and hint, so that one event means the same in every
// command.
package fault
