// Package access is the way into an org, the same for every command: which org, by whose authority,
// or a stand-in on this machine.
//
// [Env] is what a command has of its process and its user. [Env.Connect] finds the org and the
// credentials: a flag, the environment, ./.okta.yaml, ~/.okta/okta.yaml, in this order. A setting
// that can't be right is refused before anything is sent, and never shown. A folder's file may not
// choose who gets credentials from elsewhere, nor run anything: a command that prints the token is
// taken from the environment or from the user's own file only.
//
// Of the stand-in org, only this package and the command that serves it know.
package access
