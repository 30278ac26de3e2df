package command

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/fault"
)

var (
	randomFrom  = flag.Uint64("random.from", 1, "the first seed of TestRandomRuns")
	randomSeeds = flag.Uint64("random.seeds", 25, "how many runs TestRandomRuns makes up")
)

// TestRandomRuns makes up steps, users, faults, crashes and stops. It compares what the results say
// with what the org has seen, after every run, and once everything works again.
func TestRandomRuns(t *testing.T) {
	t.Parallel()
	for seed := *randomFrom; seed < *randomFrom+*randomSeeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := &random{Rand: rand.New(rand.NewPCG(seed, 7)), kept: map[int][]string{}}
			r.what = whats[r.IntN(len(whats))]
			cfg := r.config(seed)
			virtually(t, 5+r.IntN(30), cfg, func(v *virtual) {
				v.asker = new(person)
				r.v, r.allowed = v, make([]int, len(v.ids))
				r.trace = append(r.trace, fmt.Sprintf("%q %+v", r.what.flags, cfg))
				r.fill(cfg.ClockSkew)
				r.excl = map[int]bool{}
				if r.IntN(3) == 0 {
					r.extra = append(r.extra, "--skip-admins")
				}
				if r.IntN(2) == 0 {
					text := "login\n"
					for i := range v.ids {
						if r.IntN(6) == 0 {
							r.excl[i] = true
							text += []string{v.ids[i], login(i)}[r.IntN(2)] + "\n"
						}
					}
					if len(r.excl) > 0 {
						if err := os.WriteFile(v.path("vips.csv"), []byte(text), 0o600); err != nil {
							v.t.Fatal(err)
						}
						r.extra = append(r.extra, "--exclude", v.path("vips.csv"))
					}
				}
				for range 3 + r.IntN(4) {
					r.round()
					r.enrollThemselves()
				}
				r.end()
			})
		})
	}
}

// what describes the change to each user.
type what struct {
	flags        []string
	types        []string // factors that are unenrolled one by one; none: all are reset
	sessions     bool
	enroll, send bool
}

var whats = []what{
	{},
	{},
	{flags: []string{"--record-factors"}},
	{flags: []string{"--clear-sessions"}, sessions: true},
	{flags: []string{"--enroll", "sms:OKTA", "--update-phone", "--activate"}, enroll: true},
	{flags: []string{"--enroll", "sms:OKTA", "--update-phone", "--clear-sessions"}, enroll: true, sessions: true},
	{flags: []string{"--enroll", "push:OKTA", "--send", "email"}, enroll: true, send: true},
	{flags: []string{"--factor", "sms"}, types: []string{"sms"}},
	{flags: []string{"--factor", "push:OKTA", "--factor", "sms"}, types: []string{"push", "sms"}},
	{flags: []string{"--factor", "sms", "--clear-sessions", "--enroll", "sms:OKTA", "--update-phone"}, types: []string{"sms"}, sessions: true, enroll: true},
}

type random struct {
	*rand.Rand
	v       *virtual
	what    what
	owner   []int            // by row: the user; -1: nobody
	old     [][]string       // by user: IDs of the factors that are to go
	kept    map[int][]string // by user: IDs of the factors that the user has enrolled since
	allowed []int            // by user: resets that somebody has asked for again
	stays   []string         // types of factors that outlast a reset
	parts   bool             // something shows if a reset was done in part
	late    bool             // a change may take effect more than a minute after it was given up, later than the program assumes
	extra   []string         // flags of protection
	excl    map[int]bool     // users whom --exclude names
	crashed bool             // the last run left its ledger as a crash leaves it
	trace   []string
}

func (r *random) pick(d ...time.Duration) time.Duration { return d[r.IntN(len(d))] }

func (r *random) config(seed uint64) standin.Config {
	cfg := standin.Config{
		Seed: seed, Latency: 100 * time.Millisecond, LatencyJitter: r.pick(0, 300*time.Millisecond),
		LogLag: r.pick(0, 10*time.Second, 3*time.Minute), ResetEvents: standin.Events(r.IntN(4)), Engine: standin.Engine(r.IntN(2)),
		ClockSkew: r.pick(0, time.Hour, -time.Hour),
	}
	if r.IntN(4) == 0 && !r.what.send { // what stays can't be enrolled
		r.stays = []string{"push"}
		cfg.Stays = r.stays
	}
	r.late = r.IntN(5) == 0
	r.parts = cfg.Engine == standin.Identity && (cfg.ResetEvents == standin.DefaultEvents || cfg.ResetEvents == standin.DeactivateOnly) ||
		slices.Contains(r.what.flags, "--record-factors")
	switch r.IntN(3) {
	case 0:
		cfg.Unlimited = true
	case 1:
		cfg.Limits = map[string]int{standin.BucketUsers: 120}
	}
	return cfg
}

// fill gives the users more factors, and writes an input that names some of them several times,
// by ID and by login.
func (r *random) fill(skew time.Duration) {
	for _, id := range r.v.ids {
		for _, kind := range []string{"push", "token:software:totp"} {
			r.v.org.Enroll(id, standin.Factor{Type: kind, Provider: "OKTA", Created: time.Now().Add(skew - 24*time.Hour)})
		}
		u, _ := r.v.org.User(id)
		var old []string
		for _, f := range u.Factors {
			if stays := f.Type == "email" || slices.Contains(r.stays, f.Type); len(r.what.types) == 0 && !stays || slices.Contains(r.what.types, f.Type) {
				old = append(old, f.ID)
			}
		}
		r.old = append(r.old, old)
	}
	var in strings.Builder
	in.WriteString("login,phoneNumber,note\n")
	for range len(r.v.ids) * 5 / 4 {
		i := r.IntN(len(r.v.ids))
		cell, phone := []string{r.v.ids[i], login(i), strings.ToUpper(login(i))}[r.IntN(3)], "+1 555 000-0001"
		switch r.IntN(20) {
		case 0:
			i, cell = -1, "me"
		case 1:
			i, cell = -1, "nobody@example.com"
		case 2:
			phone = "12"
		}
		r.owner = append(r.owner, i)
		fmt.Fprintf(&in, "%s,%s,=n%d\n", cell, phone, len(r.owner))
	}
	if err := os.WriteFile(r.v.path("users.csv"), []byte(in.String()), 0o600); err != nil {
		r.v.t.Fatal(err)
	}
}

// faults returns what may go wrong in a run.
var faults = []standin.Fault{
	{Kind: standin.Drop, When: standin.Before},
	{Kind: standin.Drop, When: standin.After},
	{Kind: standin.Drop, When: standin.Late, Delay: 35 * time.Second},
	{Kind: standin.ServerError, When: standin.Before},
	{Kind: standin.ServerError, When: standin.After},
	{Kind: standin.GatewayTimeout, When: standin.After},
	{Kind: standin.GatewayTimeout, When: standin.Late, Delay: 20 * time.Second},
	{Kind: standin.Hang, When: standin.Before},
	{Kind: standin.Hang, When: standin.After},
	{Kind: standin.Garbage},
	{Kind: standin.Portal, When: standin.After},
	{Kind: standin.WrongStatus},
	{Kind: standin.Forbidden},
	{Kind: standin.TooManyBare},
	{Kind: standin.TooManyConcurrency},
	{Kind: standin.ReadOnly},
	{Kind: standin.Refuse},
	{Kind: standin.Redirect},
	{Kind: standin.Drop, When: standin.After, Part: 1},
	{Kind: standin.ServerError, When: standin.After, Part: 2},
	{Kind: standin.GatewayTimeout, When: standin.Late, Delay: 20 * time.Second, Part: 1},
}

// tooLate returns changes that take effect later than a run waits.
var tooLate = []standin.Fault{
	{Kind: standin.Drop, When: standin.Late, Delay: 75 * time.Second},
	{Kind: standin.GatewayTimeout, When: standin.Late, Delay: 3 * time.Minute},
}

// readFaults returns what may go wrong with the sources of proof: the log, the lists, the times.
var readFaults = []standin.Fault{
	{Kind: standin.NoEnd, Op: standin.OpLogs},
	{Kind: standin.Forbidden, Op: standin.OpLogs},
	{Kind: standin.ServerError, Op: standin.OpLogs},
	{Kind: standin.Garbage, Op: standin.OpListFactors},
	{Kind: standin.Forbidden, Op: standin.OpListFactors},
	{Kind: standin.WrongDate, Offset: time.Hour},
	{Kind: standin.WrongDate, Offset: -time.Hour},
	{Kind: standin.WrongDate, Offset: 25 * time.Hour},
	{Kind: standin.WrongDate, Offset: 15 * time.Second},
	{Kind: standin.WrongDate, Offset: time.Hour, Op: standin.OpListFactors},
}

// pages returns answers of a stranger in Okta's place, before or after Okta has made the change.
func pages() (faults []standin.Fault) {
	for _, kind := range []standin.Kind{standin.Page, standin.PageHeaders} {
		for _, when := range []standin.When{standin.Before, standin.After} {
			for _, code := range []int{200, 403, 404, 429} {
				faults = append(faults, standin.Fault{Kind: kind, When: when, Code: code})
			}
		}
	}
	return faults
}

// outages returns times in which nobody answers.
var outages = []standin.Kind{standin.Outage, standin.OutageClosed, standin.OutageRefused}

// script scripts some of the faults of one round.
func (r *random) script() {
	ops := []string{standin.OpResetFactors, standin.OpUnenroll, standin.OpEnroll, standin.OpSendLink, standin.OpClearSessions, standin.OpExpirePassword}
	for _, f := range readFaults {
		if f.Probability = []float64{0.1, 0.5, 1}[r.IntN(3)]; r.IntN(len(readFaults)) == 0 {
			r.v.org.Script(f)
		}
	}
	for range r.IntN(3) {
		f := standin.Fault{Kind: outages[r.IntN(len(outages))], When: []standin.When{standin.Before, standin.After}[r.IntN(2)]}
		f.From, f.For = time.Duration(r.IntN(40_000))*time.Millisecond, 20*time.Second
		r.v.org.Script(f)
	}
	changes := faults
	if r.late {
		changes = slices.Concat(tooLate, faults)
	}
	for i, f := range slices.Concat(changes, pages()) {
		if r.IntN(3) != 0 || i >= len(changes) && r.IntN(3) != 0 {
			continue
		}
		for _, op := range ops {
			f.Op, f.Probability = op, []float64{0.02, 0.05, 0.15}[r.IntN(3)]
			if f.Part == 0 || op == standin.OpResetFactors {
				r.v.org.Script(f)
			}
		}
	}
	if r.IntN(12) == 0 {
		r.v.org.Script(standin.Fault{Kind: standin.InvalidToken, Skip: 5 + r.IntN(40)})
	}
}

// round makes one run, with faults, and ends it somehow.
func (r *random) round() {
	r.v.org.Clear()
	r.script()
	consent := "--confirm=acme.okta.com:0-1000"
	flags := slices.Concat(r.what.flags, r.extra, []string{"--resume", "--workers", fmt.Sprint(1 + r.IntN(12))})
	if _, err := os.Stat(r.v.path("users.results.csv")); err == nil {
		switch r.IntN(4) {
		case 0:
			flags = append(flags, "--retry", "failed,forbidden,not_found")
		case 1:
			flags = append(flags, "--retry", "unknown,failed")
			consent = "" // a number that also counts other users isn't accepted
			for i, row := range r.rows() {
				if row != nil && row[4] == "unknown" && r.owner[i] >= 0 {
					r.allowed[r.owner[i]]++
				}
			}
		}
	}
	if consent != "" {
		flags = append(flags, consent)
	}
	d := time.Duration(r.IntN(90_000)) * time.Millisecond
	if r.IntN(2) == 0 {
		d /= 30
	}
	code, end, before, start := -1, r.IntN(5), r.crashed, time.Now()
	switch end {
	case 0, 1:
		r.crashed = r.v.crash(d, flags...)
		if r.crashed {
			r.tear()
		}
		r.crashed = r.crashed || before && !strings.Contains(r.v.stderr, "results: ")
	case 2:
		ctx, stop := context.WithCancelCause(r.v.t.Context())
		time.AfterFunc(d, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		code = r.v.resetIn(ctx, flags...)
	case 3:
		code = r.v.reset(append(flags, "--limit", fmt.Sprint(1+r.IntN(10)))...)
	default:
		code = r.v.reset(append(flags, "--max-duration", fmt.Sprint(d+time.Second))...)
	}
	if code >= 0 { // a run that never began leaves the ledger as the crash left it
		r.crashed = before && !strings.Contains(r.v.stderr, "results: ")
	}
	took := time.Since(start)
	r.trace = append(r.trace, fmt.Sprintf("%d after %v: %q: exit code %d, crashed %v", end, d, flags, code, r.crashed))
	if took > time.Hour || end == 2 && took > d+20*time.Second+2*access.OptionalTime { // what is under way, and the last look
		r.fail("took %v", took)
	}
	if code == fault.ExitUsage && !regexp.MustCompile("nothing (was|is) changed").MatchString(r.v.stderr) || strings.Contains(r.v.stderr, "can't be relied on") {
		r.fail("refused")
	}
	r.check()
	if r.IntN(2) == 0 {
		<-time.After(r.pick(time.Second, time.Minute, time.Hour))
	}
}

// enrollThemselves makes some users enroll a new factor after the change. No later run may remove
// that factor.
func (r *random) enrollThemselves() {
	for i, id := range r.v.ids {
		if did := r.v.org.Did(id); did.Resets+did.Unenrolls == 0 || r.IntN(6) != 0 || r.v.org.Did(id).Resets < len(r.kept[i]) {
			continue
		}
		f, _ := r.v.org.Enroll(id, standin.Factor{Type: []string{"webauthn", "call"}[r.IntN(2)], Provider: "OKTA"})
		r.kept[i] = append(r.kept[i], f.ID)
	}
}

// tear leaves the ledger as a crash in the middle of a write may leave it: it cuts the ledger
// somewhere after its last taken line.
func (r *random) tear() {
	b, err := os.ReadFile(r.v.path("users.results.csv"))
	if err != nil {
		return
	}
	m, _ := os.ReadFile(r.v.path("users.results.json"))
	if strings.Contains(string(m), `"finished": true`) {
		return
	}
	end, off := 0, 0
	lines := strings.SplitAfter(string(b), "\n")
	for i, l := range lines {
		off += len(l)
		if i == 0 || strings.Contains(l, ",taken,") {
			end = off
		}
	}
	// results of earlier runs were synced: only this run's tail
	last := ""
	if i := strings.LastIndex(string(m), `"run_id": "`); i >= 0 {
		last = string(m)[i+11 : i+11+23]
	}
	off = 0
	for i, l := range lines {
		off += len(l)
		if i > 0 && l != "" && !strings.Contains(l, last) && off > end {
			end = off
		}
	}
	cut := end + r.IntN(len(b)-end+1)
	if strings.HasSuffix(string(b[:cut]), "\n") || cut == len(b) {
		// fine
	} else {
		// what the reader of the test can't read
		r.trace = append(r.trace, fmt.Sprintf("torn at %d of %d", cut, len(b)))
	}
	if err := os.WriteFile(r.v.path("users.results.csv"), b[:cut], 0o600); err != nil {
		r.v.t.Fatal(err)
	}
}

// rows reads the last line of each row, nil for a row without a line.
func (r *random) rows() [][]string {
	f, err := os.Open(r.v.path("users.results.csv"))
	if err != nil {
		return nil
	}
	defer f.Close()
	all, _ := io.ReadAll(f)
	all = all[:bytes.LastIndexByte(all, '\n')+1]
	lines, err := csv.NewReader(bytes.NewReader(all)).ReadAll()
	if err != nil {
		r.fail("%v", err)
	}
	rows := make([][]string, len(r.owner))
	if len(lines) == 0 {
		return rows
	}
	for _, line := range lines[1:] {
		var n int
		_, _ = fmt.Sscan(line[0], &n)
		rows[n-1] = line
	}
	return rows
}

func (r *random) fail(format string, a ...any) {
	r.v.t.Helper()
	text, _ := os.ReadFile(r.v.path("users.results.csv"))
	r.v.t.Fatalf(format+"\n%s\n%s%s", append(a, strings.Join(r.trace, "\n"), text, r.v.stderr)...)
}
