// Package conform compares the stand-in org, and what oktareset sends, with Okta's API. Run it with
// make conform. It has a go.mod of its own, so the program doesn't get its libraries.
//
// Three clients talk to the org that oktareset sandbox serves: oktareset itself with all its
// commands, Okta's Go SDK and Okta's Node SDK. Each uses an API token, a service app, and a service
// app that proves its tokens. The SDKs fail where they can't read a reply. A proxy records every
// exchange, and Okta's published OpenAPI description judges requests and replies. The description
// comes with the Go SDK. If the environment variable OKTA_OPENAPI names the file of another
// edition, that one judges as well.
//
// The test fails for a difference that known_test.go doesn't list with its source. It also fails
// for a listed difference that no longer occurs.
package conform
