// Package steps is what is done to one target, as a list that anyone can read: identify it, leave
// it alone if that is right, take it, change it. A dry run is the list without the steps that
// change something.
//
// [List.Do] turns Okta's answers into exactly one result. An error besides the result ends the
// run: [ErrLimit], [ErrNoPermission], [ErrNoRoles], an error of the ledger, or one of oktaclient
// for which [oktaclient.FateOf] returns NoAccess, WrongOrg or Unreachable.
package steps
