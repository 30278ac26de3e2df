package standin

import "time"

// Engine is the generation of an org's sign-in. It decides which factors a user has after a reset,
// and which events a reset writes.
type Engine int

// Okta's two engines.
const (
	Identity Engine = iota // Identity Engine: email stays enrolled, the forgot-password question takes a second reset
	Classic                // Classic Engine: a reset leaves no factor
)

// Events chooses what a reset writes into the System Log. Okta's own pages disagree about
// Identity Engine.
type Events int

// The event sets of a reset.
const (
	DefaultEvents  Events = iota // Classic: reset_all; Identity: reset_all and one deactivate a factor
	ResetAllOnly                 // user.mfa.factor.reset_all
	DeactivateOnly               // one user.mfa.factor.deactivate a factor; nothing when nothing was enrolled
	NoEvents                     // none: the log proves nothing
)

// The buckets: groups of endpoints that share one limit.
const (
	BucketUsers = "/api/v1/users"      // list users, lifecycle, factors, roles, sessions
	BucketUser  = "/api/v1/users/{id}" // GET one user
	BucketMe    = "/api/v1/users/me"
	BucketLogs  = "/api/v1/logs"
	// BucketVerify is that of verifying a factor alone; its limit isn't documented.
	BucketVerify = "/api/v1/users/{userId}/factors/{factorId}/verify"
	BucketIAM    = "/api/v1/iam"
	BucketToken  = "/oauth2/v1/token" //nolint:gosec // a path, no secret
	BucketOther  = "/api/v1"          // everything else
)

// defaultLimits are a workforce org's calls a minute. The numbers of me and iam aren't
// documented: those of "other".
var defaultLimits = map[string]int{
	BucketUsers: 600, BucketUser: 2000, BucketMe: 1200, BucketLogs: 120, BucketIAM: 1200, BucketOther: 1200, BucketVerify: 1200, BucketToken: 2000,
	BucketGroups: 500, BucketGroup: 1000,
}

const (
	// defaultTokenShare is the percentage of a bucket, and of the concurrency, that a token
	// gets unless an admin changed it.
	defaultTokenShare = 50
	// defaultConcurrency is a workforce org's number of calls at one time.
	defaultConcurrency = 75
	// unlimited is the limit that the headers show in an org without limits.
	unlimited = 1_000_000_000
)

// Config describes an org. The zero value is an Identity Engine workforce org that answers at once
// and only has the token's owner.
type Config struct {
	Engine Engine
	Token  string // the only SSWS token it accepts; "" generates one, see [Org.Token]. Service apps are added by [Org.AddApp]
	Users  int    // people of its own, of every status and with factors of every type
	Seed   uint64 // of the people and of everything random
	ID     string // the org's own, as 00o and 17 letters or digits; "" makes one of the seed

	Latency       time.Duration // of every call, also of a refused one, except if the credentials are wrong
	LatencyJitter time.Duration // added to it: uniform from 0 to this

	// Limits are the org's calls a minute by bucket; a bucket not named has a workforce org's
	// limit.
	Limits      map[string]int `unknown:"how many calls a minute a verification, the list of admins and the caller's own account may take" here:"1200, as most others"`
	TokenShare  int            // per cent of a bucket and of the concurrency that the token may use; 0 means 50
	Concurrency int            // the org's calls at one time; 0 means 75, of which the token gets its share
	Unlimited   bool           // no limit of any kind; the headers show a billion calls a minute

	ClockSkew time.Duration // the server's clock is time.Now plus this: Date, rate-limit resets, created, published
	LogLag    time.Duration // an event can be read this long after its published

	// Reenroll makes everybody enroll a new factor this long after a reset, as people do if
	// somebody asks them to; 0: nobody does.
	Reenroll time.Duration
	// Absent and Strangers say who else there is then, in per cent of the resets: users who don't
	// come back, and such for whom a stranger enrolls, all of them from one address in another
	// country. A stranger in an admin's name opens the Admin Console at once.
	Absent, Strangers int

	// Stays are types of factors that stay listed after a reset, and that still work, as a push may
	// though its Okta Verify is gone. A reset writes no event about them, unless StayEvents is set.
	Stays      []string
	StayEvents bool

	// PushDelay is how long people take to answer a push, to scan a QR code that somebody has
	// fetched, or to open a link that they were sent; see [User.Push].
	PushDelay time.Duration

	// The following fields choose what isn't known about Okta. The zero value is what Okta's
	// description says, or else the choice that is worse for a client. The tags are the rows of a
	// table in the topic sandbox.

	// ResetReply is what reset_factors answers for users of a status: 200, 403 (E0000038) or
	// 404 (E0000007). A status not named is 200, but DEPROVISIONED is 404.
	ResetReply map[string]int `unknown:"what a reset of a suspended, locked or deactivated user answers" here:"it is done; deactivated: 404"`
	// ResetEvents is what a reset writes into the System Log.
	ResetEvents Events `unknown:"which events a reset writes on Identity Engine: Okta's pages disagree" here:"one for the reset, one for each factor"`
	// RefuseEmail answers the unenrollment of an email that enrolled itself with 403 (E0000006).
	// Otherwise it is answered with 204, and the email stays listed.
	RefuseEmail bool `unknown:"whether an email that enrolled itself can be unenrolled" here:"Okta says yes, and it stays"`
	// ForgetPhones forgets a verified phone number with its factor.
	ForgetPhones bool `unknown:"whether Identity Engine keeps a verified phone number after a reset, as Classic Engine does" here:"it does"`
	// FilterAnyCase makes a filter of users find values in any case. Okta's description says that
	// it compares them with their case.
	FilterAnyCase bool `unknown:"whether filters of users compare case, as Okta's description says" here:"they do"`
	// BadCursor is the code of the refusal of a cursor of a list; "" means E0000031.
	BadCursor string `unknown:"how a page that is gone is refused: E0000031 or E0000029" here:"E0000031"`
	// ListGroupAdmins puts users who have a role only by a group on the list of users with roles.
	ListGroupAdmins bool `unknown:"whether the list of admins has those with a role by a group alone" here:"it doesn't"`
	// OrgNumbers makes a 429 that other clients caused show the org's limit and reset instead
	// of the token's.
	OrgNumbers bool `unknown:"whose limit a 429 shows if other clients have spent the org's" here:"the token's"`
	// ManageReads lets an access token with the scope manage of something read it, too.
	ManageReads bool `unknown:"whether a scope to manage is enough to read" here:"it isn't"`
	// ClockLeeway is how far ahead of the server's clock a service app's may be.
	ClockLeeway time.Duration `unknown:"how far ahead of Okta's a service app's clock may be" here:"not at all"`
	// PlusIsPlus keeps a plus sign in the path of a DPoP proof. Otherwise it means a space, as for
	// Java's decoder.
	PlusIsPlus bool `unknown:"what a plus sign in the path of a DPoP proof means" here:"a space"`

	// ExactLogins keeps a look-up from finding a login that differs only in diacritics.
	ExactLogins bool
}

// limits returns the org's and the token's calls a minute for a bucket.
func (c *Config) limits(bucket string) (org, token int) {
	if c.Unlimited {
		return unlimited, unlimited
	}
	org, ok := c.Limits[bucket]
	if !ok {
		org = defaultLimits[bucket]
	}
	return org, c.share(org)
}

// share returns the token's part of n, at least 1.
func (c *Config) share(n int) int {
	percent := c.TokenShare
	if percent == 0 {
		percent = defaultTokenShare
	}
	return max(1, n*percent/100)
}

// concurrency returns how many calls the token may have in flight.
func (c *Config) concurrency() int {
	if c.Concurrency == 0 {
		return c.share(defaultConcurrency)
	}
	return c.share(c.Concurrency)
}

// resetReply returns the status that reset_factors answers for a user's status.
func (c *Config) resetReply(status string) int {
	if reply, ok := c.ResetReply[status]; ok {
		return reply
	}
	if status == StatusDeprovisioned {
		return 404
	}
	return 200
}
