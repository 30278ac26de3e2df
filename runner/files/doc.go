// Package files opens files that somebody else could have put in place, and writes files whole or
// not at all.
//
// # Reading
//
// [Open] and [Read] take regular files only. They never wait for a pipe, and judge what they have
// opened, not what the path named a moment before. A [Rule] says how long a file may be, whether a
// link may lead to it, and who may have written it. What breaks the rule is a [*RefusedError].
//
// What a user names may be a pipe, as a process substitution is: [ReadNamed] reads it, and ends
// with its context.
//
// # Writing
//
// A new file has mode 0600 whatever the umask, and nothing is written through a link. [Draft] is a
// file that gets its name only once it is whole and synced: [Draft.Replace] takes the place of what
// had the name, [Draft.Publish] fails if anything has it. [Replace] and [WriteNew] do that in one
// call. A program that dies leaves a temporary file, which [RemoveTemps] removes.
//
// # Owners
//
// On Windows no owner and no mode is looked at: who may write where is a matter of its access
// control lists.
package files
