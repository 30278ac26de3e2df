// Package desk does one thing to one user's factors, as a help desk does: list, enroll, activate,
// verify, unenroll.
//
// It first finds exactly the user that is meant, by ID or by the whole login. A change asks for
// consent. A passcode or an answer is read from the terminal or from stdin, and never shown.
package desk
