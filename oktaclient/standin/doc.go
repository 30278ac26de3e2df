// Package standin is the stand-in org: an HTTP handler with users, factors, rate limits, a
// System Log and faults, which answers as Okta does.
//
// It serves three ways: over HTTP (the Org is an [http.Handler]), behind httptest, and
// in-process through [Org.Transport], which needs no network and therefore works inside a
// testing/synctest bubble. It keeps no goroutine: whatever it does ends with the request, except a
// change that a fault delays. Time is time.Now, so a bubble's clock is the org's: create the Org
// inside the bubble.
//
// An Org is safe for concurrent use.
//
// # Its users
//
// The users are the token's owner, [Config.Users] people of its own, those of [Org.Add] and those
// of [Org.AddIdentifiers]. Everything generated depends only on [Config.Seed] or on the identifier,
// so the org is the same every time. Factors are generated when somebody looks at them, so a
// million identifiers cost about 100 MB.
//
// # What it answers
//
//	GET    /api/v1/users/me                             me
//	GET    /api/v1/users/{id}                           get_user
//	GET    /api/v1/users                                list_users
//	POST   /api/v1/users/{id}/lifecycle/reset_factors   reset_factors
//	GET    /api/v1/users/{userId}/factors               list_factors
//	GET    /api/v1/users/{userId}/factors/catalog       catalog
//	GET    /api/v1/users/{userId}/factors/questions     questions
//	POST   /api/v1/users/{userId}/factors               enroll
//	GET    /api/v1/users/{userId}/factors/{factorId}    get_factor
//	DELETE /api/v1/users/{userId}/factors/{factorId}    unenroll
//	POST   …/factors/{factorId}/lifecycle/activate      activate (and …/activate/poll)
//	POST   …/lifecycle/activate/email and …/sms         send_link
//	GET    …/factors/{factorId}/qr/{code}               qr_code (no credentials asked for)
//	POST   …/factors/{factorId}/resend                  resend
//	POST   …/factors/{factorId}/verify                  verify
//	GET    …/factors/{factorId}/transactions/{id}       transaction
//	GET    /api/v1/users/{id}/groups                    user_groups
//	GET    /api/v1/users/{userId}/roles                 list_roles
//	DELETE /api/v1/users/{userId}/sessions              clear_sessions
//	POST   /api/v1/users/{userId}/lifecycle/expire_password  expire_password
//	GET    /api/v1/iam/assignees/users                  list_admins
//	GET    /api/v1/groups                               list_groups
//	GET    /api/v1/groups/{groupId}                     get_group
//	GET    /api/v1/groups/{groupId}/users               list_members
//	GET    /api/v1/logs                                 logs
//	GET    /api/v1/org                                  org
//	GET    /.well-known/okta-organization               organization (no credentials asked for)
//	POST   /oauth2/v1/token                             token (for the service apps of [Org.AddApp])
//
// Users and groups are listed by filter, search or q. Each of these parameters understands the
// same, and leaves out the same users, as at Okta. {id} is an ID, a login, an unambiguous short
// name or me; {userId} is an ID. The names on the right are the operations that faults and counters
// use. GET /sandbox/stats and GET /sandbox/users/{id} show [Stats], and a user with its [Deeds], to
// a test in another process. They cost nothing, and no counter counts them. POST
// /sandbox/users/{id}/reset?by=LOGIN is [Org.ResetBy].
//
// # What people do
//
// A factor that is enrolled waits for its user: passcodes are checked as Okta checks them, and
// [Org.Passcode] (or "passcodes" of /sandbox/users/{id}) says what the user's phone, app or
// token shows. A push that is enrolled becomes active only after its link was sent or somebody
// fetched its QR code; then apps scan, and pushes are answered, by themselves, as [User.Push] and
// [Config.PushDelay] say. Okta's limits on attempts and messages count by the org's clock. A link
// counts as one of these messages, though Okta doesn't document that.
//
// With [Config.Reenroll] people come back after a reset, from the places that they signed in from
// before. [Config.Absent] don't; for [Config.Strangers] somebody else enrolls.
//
// # Credentials
//
// The org accepts the API token of [Org.Token] and the access tokens of service apps. It checks
// assertions and DPoP proofs as Okta does: signature, claims, times by the org's clock, nonce, and
// that none is used twice. An access token has those requested scopes that the app was granted, and
// expires. Each endpoint asks for its scope. A scope to manage isn't enough to read, unless
// [Config.ManageReads] is set.
//
// # Faults
//
// [Org.Script] makes calls fail, [ParseFault] reads a fault from a command line:
//
//	KIND[_before|_after|_late][:OPERATION][:KEY=VALUE]…
//
//	drop_after:reset_factors:p=0.01           one reset in a hundred is done and its answer lost
//	401:reset_factors:skip=100                the token dies after 100 resets
//	504_late:reset_factors:delay=90s          a gateway gives up now, the reset lands 90 s later
//	403:user=00u1234567890abcdef5             this user may not be touched
//	page_after:reset_factors:code=404         the reset is done, and a proxy answers with a page of its own
//	500_after:reset_factors:part=1            the reset takes one factor, then breaks off
//	429_user:reset_factors:user=ID            this user has no calls left, the bucket has
//	date:offset=1h                            every Date is an hour ahead
//	no_end:logs:query=reset_all               this one query of the log never ends
//	outage:from=30s:for=20s                   after 30 s nothing is answered for 20 s
//
// before, after and late say what becomes of the call's change: it isn't made, it is made before
// the answer, or it is made delay after the answer. See [Kind] for the kinds and their defaults,
// and [Fault] for the keys: user, query, skip, times, every, p, from and for choose calls; delay,
// code, offset and part describe the fault.
//
// # What it can't know, and where it is simpler
//
// It does what Okta's API description and recorded replies of real orgs say. If they say nothing, a
// field of [Config] with the tag unknown chooses. Its zero value is the choice that is worse for a
// client. The help topic sandbox has a table of these fields, and also lists in what the stand-in
// is known to be simpler than Okta: no policy but [User].Policy, no zones or rights of roles,
// changes that are complete at once, searches that never lag, one name of the org.
//
// # What isn't Okta's
//
// Orgs differ, and between an org and a client there may be anything. [Config.Stays] makes factors
// outlast resets, [Config.LogLag] makes the log late, and the kinds that change replies make the
// Date wrong, spell Link headers in other ways, remove the request ID and close connections without
// a word. The org's own clock and log stay right.
//
// # Surprises
//
// If a client sends what a careful client never sends, the org answers as Okta does and records it
// in [Stats]: unknown paths, a reset of me, identifiers that path handling changes, cookies,
// misspelt parameters.
//
// # Conformance
//
// The module in the folder conform compares what the org answers with Okta's API description, and
// reads it with Okta's SDKs. It lists each known difference with its source.
package standin
