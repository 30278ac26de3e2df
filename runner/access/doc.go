// Package access connects every command to its org in the same way: which org, with which
// credentials, or a stand-in on this machine.
//
// [Env] is a command's access to its process and its user. [Env.Connect] finds the org and the
// credentials: a flag, the environment, ./.okta.yaml, ~/.okta/okta.yaml, in this order. A setting
// that can't be right is refused before anything is sent, and never shown. A folder's file must
// not choose who gets credentials from elsewhere, nor run anything: a command that prints the
// token may come only from the environment or the user's own file.
//
// Only this package and the command that serves it know the stand-in org.
package access
