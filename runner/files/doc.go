// Package files safely opens files that somebody else could have put in place, and writes files
// whole or not at all.
//
// # Reading
//
// [Open] and [Read] accept only regular files. They never wait for a pipe, and judge the open
// file, not what the path named a moment before. A [Rule] says how long a file may be, whether a
// link may lead to it, and who may have written it. A file that breaks the rule gives a
// [*RefusedError].
//
// A path that the user names may be a pipe, such as a process substitution: [ReadNamed] reads it,
// and ends with its context.
//
// # Writing
//
// A new file has mode 0600 whatever the umask, and nothing is written through a link. A [Draft]
// gets its name only once it is whole and synced: [Draft.Replace] replaces a file with that name,
// [Draft.Publish] fails if there is one. [Replace] does all of it in one call. A program that dies
// leaves a temporary file, which [RemoveTemps] removes. If none can be made, the
// [*UnwritableError] names the file that was asked for.
//
// # Owners
//
// On Windows neither owner nor mode is checked: access control lists decide there who may write.
package files
