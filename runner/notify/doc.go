// Package notify tells the users of a reset, and their managers, by mail: each exactly once.
//
// A mail can't be taken back, so the rules are those of a reset:
//
//   - A mail is taken, durably, before its content is sent. The record of the mails is a [journal]
//     beside the results; it stays for good, because it is what keeps anybody from being told twice.
//   - A server's answer decides: accepted, refused, or refused for now. Whatever was certainly not
//     accepted may be sent again. If the answer to a mail's content is lost, the mail is in doubt,
//     and no run ever sends it again.
//   - Nothing is sent without consent to the number of mails, without a server that proves who it is,
//     or in the name of an org on this machine to anybody but a test server on this machine.
//
// The texts of a mail come from a template; what goes into it from files and from Okta is made
// harmless before: one line, bounded, nothing invisible. An address is accepted only in the plain
// form that has one meaning.
//
// A user gets one mail, which says what happened and that it is an alarm if it wasn't expected. A
// manager gets one with all their people; whoever is reset later, by a resume, comes with another
// one. A reminder is another mail than the first notice, with a record of its own.
package notify
