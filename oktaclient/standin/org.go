package standin

import (
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Org is the stand-in org. Make one with [New].
type Org struct {
	cfg   Config    // it doesn't change, except Limits, Concurrency, Latency and LogLag, which mu guards
	start time.Time // by the org's clock; all that existed before has an earlier date
	skew  atomic.Int64

	mu       sync.Mutex // guards all below; never held while anything waits
	dir      directory
	groups   []Group
	log      []change
	buckets  map[string]*bucket
	apps     map[string]*app   // by client ID
	grants   map[string]*grant // by access token
	nonces   [2]string         // that proofs at the token endpoint may have: the newest and the one before
	faults   []*script
	stats    Stats
	inFlight int
	letIn    int // of these, those that passed the limits
	rng      *rand.Rand
}

// owner is the position of the token's owner in the directory.
const owner = 0

// New returns an org as cfg describes it.
func New(cfg Config) *Org {
	o := &Org{
		cfg:     cfg,
		buckets: make(map[string]*bucket),
		apps:    make(map[string]*app),
		grants:  make(map[string]*grant),
		stats:   Stats{ByOp: make(map[string]int), Surprises: []string{}},
		rng:     rand.New(rand.NewPCG(cfg.Seed, 0x6f6b7461)),
	}
	o.cfg.Limits = maps.Clone(cfg.Limits)
	o.skew.Store(int64(cfg.ClockSkew))
	o.start = o.now()
	if o.cfg.Token == "" {
		o.cfg.Token = "00" + base62(hash("token")+cfg.Seed) + strings.Repeat("StandIn", 4) + "x"
	}
	if o.cfg.ID == "" {
		o.cfg.ID = "00o" + base62(hash("org")+cfg.Seed) + madeSuffix
	}
	o.dir = directory{engine: cfg.Engine, exact: cfg.ExactLogins, stays: slices.Clone(cfg.Stays), forgets: cfg.ForgetPhones, start: o.start, index: make(map[uint64]uint32)}
	o.groups = ownGroups(o.start)
	o.dir.add(ownerUser(o.start))
	for i := range cfg.Users {
		o.arrives(o.dir.add(o.dir.person(cfg.Seed, i)))
	}
	return o
}

// now returns the time by the org's clock.
func (o *Org) now() time.Time { return time.Now().Add(time.Duration(o.skew.Load())) }

// Token returns the API token that the org accepts.
func (o *Org) Token() string { return o.cfg.Token }

// ID returns the org's own ID, which is the same under every name of the org.
func (o *Org) ID() string { return o.cfg.ID }

// Owner returns the user who owns the token. GET /users/me answers with this user.
func (o *Org) Owner() User {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dir.user(owner)
}

// Add adds a user and returns it, completed: it fills in an ID, status, time of creation or factor
// ID that u lacks. If a user with u's ID or login exists already, Add changes nothing and returns
// that user.
func (o *Org) Add(u User) User {
	o.mu.Lock()
	defer o.mu.Unlock()
	known, pos := len(o.dir.accounts), o.dir.add(u)
	if pos == known {
		o.arrives(pos)
	}
	return o.dir.user(pos)
}

// AddIdentifiers adds an active user with a few typical factors for each user ID and each login
// that names nobody yet, and returns how many it added. It passes over an identifier that can be
// neither (empty, reserved, unprintable, over 100 characters).
func (o *Org) AddIdentifiers(ids iter.Seq[string]) int {
	n := 0
	for id := range ids {
		id = strings.TrimSpace(id)
		if !isUserID(id) && !isLogin(id) {
			continue
		}
		o.mu.Lock()
		if o.dir.addIdentifier(id) {
			n++
			o.arrives(len(o.dir.accounts) - 1)
		}
		o.mu.Unlock()
	}
	return n
}

// User returns the user with this ID, login or short name as it is now, with the remaining factors.
func (o *Org) User(id string) (User, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	pos := o.dir.find(id)
	if pos < 0 {
		return User{}, false
	}
	return o.dir.user(pos), true
}

// Users returns every user, in the order in which they were added; the first is the token's owner.
func (o *Org) Users() iter.Seq[User] {
	return func(yield func(User) bool) {
		for pos := 0; ; pos++ {
			o.mu.Lock()
			if pos == len(o.dir.accounts) {
				o.mu.Unlock()
				return
			}
			u := o.dir.user(pos)
			o.mu.Unlock()
			if !yield(u) {
				return
			}
		}
	}
}

// Enroll gives a user a factor and returns it, completed with the ID, status and time of creation
// (now) that f lacks. Without a time of creation the user enrolls the factor now, and the System
// Log says so. Enroll reports false if the user doesn't exist.
func (o *Org) Enroll(userID string, f Factor) (Factor, bool) { return o.EnrollFrom(userID, f, nil) }

// EnrollFrom is [Org.Enroll] from another place than the user's; nil is the user's.
func (o *Org) EnrollFrom(userID string, f Factor, from *Place) (Factor, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	pos := o.dir.find(userID)
	if pos < 0 {
		return Factor{}, false
	}
	state, now := o.dir.change(pos), f.Created.IsZero()
	if now {
		f.Created = o.now()
	}
	f = f.filled("", o.rng.Uint64(), f.Created)
	state.enrolled = append(slices.Clip(state.enrolled), f)
	if now && f.Status == active {
		c := o.inBrowser(uint32(pos), pos, "api/v1/users/{userId}/factors")
		c.from = from
		o.record(c, 1<<kindOf(f)|activatedEvent)
	}
	return f, true
}

// Consume uses up n calls of a bucket's window as another client of the org would. Once the org's
// limit is spent, the org refuses the token, although it has calls of its own left.
func (o *Org) Consume(bucket string, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.bucket(bucket)
	b.org.roll(time.Now())
	b.org.used += n
}
