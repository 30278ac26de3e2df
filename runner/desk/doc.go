// Package desk does one thing to one user's factors, as a help desk does: list, enroll, activate,
// verify, unenroll.
//
// The user who is meant is found first, and nobody else: by the ID or the whole login. What changes
// something asks for consent. A passcode or an answer is read from the terminal or from stdin, and
// never shown.
package desk
