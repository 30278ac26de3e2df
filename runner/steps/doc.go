// Package steps is what is done to one target, as a list that anyone can read: identify it,
// leave it alone where that is right, take it, change it. A dry run is the list without the
// steps that change something.
//
// [List.Do] turns what Okta answers into exactly one result. An error beside the result ends
// the run: [ErrLimit], [ErrNoPermission], [ErrNoRoles], an error of the ledger, or one of
// oktaclient's that [oktaclient.FateOf] calls NoAccess, WrongOrg or Unreachable.
package steps
