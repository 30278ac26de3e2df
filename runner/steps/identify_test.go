package steps_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

// calls returns what reached the org, except the first question of who is asking.
func calls(w *world) map[string]int {
	ops := maps.Clone(w.org.Stats().ByOp)
	delete(ops, standin.OpMe)
	return ops
}

type ops = map[string]int

func TestIdentify(t *testing.T) {
	t.Parallel()
	const (
		jurgenNFC = "j\u00fcrgen@example.com"
		jurgenNFD = "ju\u0308rgen@example.com"
	)
	reset := ops{standin.OpResetFactors: 1}
	byPath := ops{standin.OpGetUser: 1, standin.OpResetFactors: 1}
	byFilter := ops{standin.OpListUsers: 1, standin.OpResetFactors: 1}
	bySearch := ops{standin.OpListUsers: 2, standin.OpResetFactors: 1} // a filter compares case
	onlyPath, both := ops{standin.OpGetUser: 1}, ops{standin.OpListUsers: 2}
	tests := []struct {
		input, user string // user: login of the one who exists, besides others
		want        runner.Status
		reason      runner.Reason
		calls       ops
		text        string // part of the error
	}{
		{aliceID, aliceLogin, runner.StatusReset, "", reset, ""},
		{"  " + aliceID + " ", aliceLogin, runner.StatusReset, "", reset, ""},
		{aliceLogin, aliceLogin, runner.StatusReset, "", byPath, ""},
		{"ALICE@Example.com", aliceLogin, runner.StatusReset, "", byPath, ""},
		{aliceLogin, "ALICE@Example.com", runner.StatusReset, "", byPath, ""},
		{jurgenNFD, jurgenNFC, runner.StatusReset, "", byPath, ""},
		{jurgenNFC, jurgenNFD, runner.StatusReset, "", byPath, ""},
		{"plain", "plain", runner.StatusReset, "", byPath, ""},
		{"o'brien+x=y!$&*(z),:@example.com", "o'brien+x=y!$&*(z),:@example.com", runner.StatusReset, "", byPath, ""},
		{"x;y@example.com", "x;y@example.com", runner.StatusReset, "", byFilter, ""},
		{"a/b@example.com", "a/b@example.com", runner.StatusReset, "", byFilter, ""},
		{`back\slash@example.com`, `back\slash@example.com`, runner.StatusReset, "", byFilter, ""},
		{`quo"te@example.com`, `quo"te@example.com`, runner.StatusReset, "", byFilter, ""},
		{"sp ace@example.com", "sp ace@example.com", runner.StatusReset, "", byFilter, ""},
		{"per%2fcent@example.com", "per%2fcent@example.com", runner.StatusReset, "", byFilter, ""},
		{"que?ry#@example.com", "que?ry#@example.com", runner.StatusReset, "", byFilter, ""},
		{"../../groups", "../../groups", runner.StatusReset, "", byFilter, ""},
		{"X;Y@example.com", "x;y@example.com", runner.StatusReset, "", bySearch, ""},

		// Okta finds somebody else than the user that is meant.
		{"alice", aliceLogin, runner.StatusInvalid, runner.ReasonMismatch, onlyPath, aliceLogin},
		{"jurgen@example.com", jurgenNFC, runner.StatusInvalid, runner.ReasonMismatch, onlyPath, jurgenNFC},
		{jurgenNFC, "jurgen@example.com", runner.StatusInvalid, runner.ReasonMismatch, onlyPath, "jurgen@example.com"},

		{"nobody@example.com", aliceLogin, runner.StatusNotFound, "", onlyPath, "404 Not Found E0000007"},
		{"alice@example.com;x", aliceLogin, runner.StatusNotFound, "", both, "no user has this login"},
		{"00u1234567890abcdEF", aliceLogin, runner.StatusNotFound, "", onlyPath, "404 Not Found E0000007"},

		{"", aliceLogin, runner.StatusInvalid, runner.ReasonEmpty, nil, "empty"},
		{" \t", aliceLogin, runner.StatusInvalid, runner.ReasonEmpty, nil, "empty"},
		{"me", aliceLogin, runner.StatusInvalid, runner.ReasonReserved, nil, "reserved"},
		{"ME", aliceLogin, runner.StatusInvalid, runner.ReasonReserved, nil, "reserved"},
		{".", aliceLogin, runner.StatusInvalid, runner.ReasonReserved, nil, "reserved"},
		{"..", aliceLogin, runner.StatusInvalid, runner.ReasonReserved, nil, "reserved"},
		{"\ufeff" + aliceID, aliceLogin, runner.StatusInvalid, runner.ReasonMalformed, nil, "it contains the invisible character U+FEFF"},
		{"m\xfcller@example.com", aliceLogin, runner.StatusInvalid, runner.ReasonMalformed, nil, "a letter in it isn't UTF-8; save the file as CSV UTF-8"},
		{strings.Repeat("x", 101), aliceLogin, runner.StatusInvalid, runner.ReasonMalformed, nil, "neither an Okta user ID nor a login: it is longer than 100"},
	}
	for _, tt := range tests {
		virtually(t, tt.input, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
			w.org.Add(standin.User{ID: aliceID, Login: tt.user})
			w.org.AddIdentifiers(func(yield func(string) bool) { _ = yield("bob@example.com") && yield("carol@example.com") })
			res, err := w.do(t.Context(), 1, tt.input)
			if res.Status != tt.want || res.Reason != tt.reason || err != nil || !strings.Contains(res.Error, tt.text) {
				t.Errorf("%q = %s/%s %q, %v, want %s/%s %q", tt.input, res.Status, res.Reason, res.Error, err, tt.want, tt.reason, tt.text)
			}
			if diff := cmp.Diff(tt.calls, calls(w), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%q sent (-want +got):\n%s", tt.input, diff)
			}
			checkTexts(t, res)
			want, deeds := runner.Result{}, 0
			if tt.want == runner.StatusReset {
				want.UserID, deeds = aliceID, 1
			}
			if tt.calls[standin.OpResetFactors] == 1 && len(tt.calls) == 2 {
				want.Login = tt.user
			}
			if res.UserID != want.UserID || res.Login != want.Login || w.org.Did(aliceID).Resets != deeds {
				t.Errorf("%q = user %q, login %q, reset %d times, want %q, %q, %d times",
					tt.input, res.UserID, res.Login, w.org.Did(aliceID).Resets, want.UserID, want.Login, deeds)
			}
			if taken, ok := w.taken[1]; ok != (deeds == 1) || taken.UserID != want.UserID || taken.Login != want.Login {
				t.Errorf("%q taken as %+v, %v", tt.input, taken, ok)
			}
		})
	}
}

// A row with an email address belongs to a user only if the user has it as login and as address;
// checking that costs no call.
func TestIdentifyMail(t *testing.T) {
	t.Parallel()
	const team = "team@example.com"
	for _, tt := range []struct {
		name, input string
		users       []standin.User
		want        runner.Status
		text        string
	}{
		{"both", team, []standin.User{{ID: aliceID, Login: team, Email: "TEAM@example.com"}}, runner.StatusReset, ""},
		{
			"another's login", team,
			[]standin.User{{ID: aliceID, Login: aliceLogin, Email: team}, {ID: bobID, Login: team, Email: "bob@example.com"}},
			runner.StatusInvalid, `the user with this login, "team@example.com", has another email address, "bob@example.com"`,
		},
		{"nobody's login", team, []standin.User{{ID: aliceID, Login: aliceLogin, Email: team}}, runner.StatusNotFound, "404"},
		{"by filter", "a;b@x", []standin.User{{ID: aliceID, Login: "a;b@x", Email: "other@x"}}, runner.StatusInvalid, "another email address"},
		{"an ID", aliceID, []standin.User{{ID: aliceID, Login: aliceLogin, Email: team}}, runner.StatusReset, ""},
	} {
		for _, mail := range []bool{true, false} {
			virtually(t, fmt.Sprint(tt.name, mail), func(t *testing.T) {
				w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{Mail: mail})
				for _, u := range tt.users {
					w.org.Add(u)
				}
				want, text := tt.want, tt.text
				if !mail && want == runner.StatusInvalid { // a login is a login
					want, text = runner.StatusReset, ""
				}
				res, err := w.do(t.Context(), 1, tt.input)
				if res.Status != want || err != nil || !strings.Contains(res.Error, text) || want == runner.StatusInvalid && res.Reason != runner.ReasonMismatch {
					t.Errorf("%s/%s %q, %v, want %s %q", res.Status, res.Reason, res.Error, err, want, tt.text)
				}
				if n := w.posts(); n != map[bool]int{true: 1}[want == runner.StatusReset] {
					t.Errorf("%d resets", n)
				}
				if n := w.org.Stats().ByOp; n[standin.OpGetUser]+n[standin.OpListUsers] > 1 {
					t.Errorf("sent %v", n)
				}
			})
		}
	}
}

// A look-up may be answered with anybody: only the requested login is accepted.
func TestIdentifyOtherAnswers(t *testing.T) {
	t.Parallel()
	user := func(id, login string) string {
		return `{"id":"` + id + `","status":"ACTIVE","profile":{"login":"` + login + `"}}`
	}
	tests := []struct {
		name, input, body string
		dry               bool
		want              runner.Status
		reason            runner.Reason
		user              string
	}{
		{"path, another", aliceLogin, user(bobID, "bob@example.com"), false, runner.StatusInvalid, runner.ReasonMismatch, ""},
		{"path, the first part", aliceLogin, user(bobID, "alice"), false, runner.StatusInvalid, runner.ReasonMismatch, ""},
		{"path, nobody", aliceLogin, "{}", false, runner.StatusInvalid, runner.ReasonMismatch, ""},
		{"filter, another", "a;b@x", "[" + user(bobID, "a;c@x") + "]", false, runner.StatusInvalid, runner.ReasonMismatch, ""},
		{"filter, diacritics", "a;b\u00fc@x", "[" + user(bobID, "a;bu@x") + "]", false, runner.StatusInvalid, runner.ReasonMismatch, ""},
		{"filter, the second of two", "a;b@x", "[" + user(bobID, "a;B\u00fc@x") + "," + user(aliceID, "A;B@x") + "]", false, runner.StatusReset, "", aliceID},
		{"filter, none", "a;b@x", "[]", false, runner.StatusNotFound, "", ""},
		{"filter, no list", "a;b@x", user(aliceID, "a;b@x"), false, runner.StatusFailed, "", ""},
		{"ID, another's", aliceID, user(bobID, aliceID), true, runner.StatusInvalid, runner.ReasonMismatch, aliceID},
		{"ID, in another case", aliceID, user(strings.ToUpper(aliceID), aliceID), true, runner.StatusInvalid, runner.ReasonMismatch, aliceID},
		{"ID, its own", aliceID, user(aliceID, aliceLogin), true, runner.StatusWouldReset, "", aliceID},
	}
	for _, tt := range tests {
		virtually(t, tt.name, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{DryRun: tt.dry})
			w.canned = func(r *http.Request) *http.Response { return reply(r, 200, tt.body) }
			res, err := w.do(t.Context(), 1, tt.input)
			if res.Status != tt.want || res.Reason != tt.reason || res.UserID != tt.user || err != nil {
				t.Errorf("%q = %s/%s %q %q, %v, want %s/%s %q", tt.input, res.Status, res.Reason, res.UserID, res.Error, err, tt.want, tt.reason, tt.user)
			}
			checkTexts(t, res)
		})
	}
}

// A failed look-up has changed nothing; its reason decides whether the run continues.
func TestIdentifyFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		faults string
		want   runner.Status
		http   int
		code   string
		stop   string
		gets   int
	}{
		{"drop:get_user:times=4", runner.StatusReset, 200, "", "", 5},
		{"hang:get_user:times=1", runner.StatusReset, 200, "", "", 2},
		{"garbage:get_user:times=1", runner.StatusFailed, 200, "", "", 1},
		{"endless:get_user", runner.StatusFailed, 200, "", "", 5},
		{"portal:get_user:times=1", runner.StatusReset, 200, "", "", 2},
		{"429_bare:get_user:times=2", runner.StatusReset, 200, "", "", 3},
		{"503:get_user:times=2", runner.StatusReset, 200, "", "", 3},
		{"500:get_user", runner.StatusFailed, 500, "E0000009", "", 5},
		{"drop:get_user", runner.StatusFailed, 0, "", "", 5},
		{"portal:get_user", runner.StatusFailed, 0, "", "", 5},
		{"readonly:get_user", runner.StatusFailed, 503, "E0000010", "", 5},
		{"403_status:get_user", runner.StatusFailed, 403, "E0000038", "", 1},
		{"403:get_user", runner.StatusForbidden, 403, "E0000006", "", 1},
		{"404_user:get_user", runner.StatusNotFound, 404, "E0000007", "", 1},
		{"401:get_user", runner.StatusNotAttempted, 401, "E0000011", noAccess, 1},
		{"403_session:get_user", runner.StatusNotAttempted, 403, "E0000005", noAccess, 1},
		{"403_scope:get_user", runner.StatusNotAttempted, 403, "", noAccess, 1},
		{"404:get_user", runner.StatusNotAttempted, 404, "E0000008", wrongOrg, 1},
		{"refuse:get_user", runner.StatusNotAttempted, 0, "", outage, 0},
	}
	for _, tt := range tests {
		virtually(t, tt.faults, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
			script(t, w.org, tt.faults)
			res, err := w.do(t.Context(), 1, aliceLogin)
			want := outcome{Status: tt.want, HTTP: tt.http, Code: tt.code, Stop: tt.stop}
			if tt.want == runner.StatusReset {
				want.Attempts, want.Posts, want.Resets = 1, 1, 1
			}
			got := outcomeOf(w, res, err)
			got.ID = false
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s%v: %s", tt.faults, diff, err, res.Error)
			}
			if n := w.org.Stats().ByOp[standin.OpGetUser]; n != tt.gets {
				t.Errorf("%d look-ups, want %d", n, tt.gets)
			}
			if len(w.taken) != want.Posts {
				t.Errorf("%d rows taken, want %d", len(w.taken), want.Posts)
			}
			checkTexts(t, res)
		})
	}
}

// One user named by ID, by login and by login again is one target, whichever comes first.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	const bob = "bob@example.com"
	tests := []struct {
		name   string
		inputs []string
		calls  ops
	}{
		{"ID twice", []string{aliceID, aliceID}, ops{standin.OpResetFactors: 1}},
		{"login twice", []string{aliceLogin, "Alice@EXAMPLE.com"}, ops{standin.OpResetFactors: 1, standin.OpGetUser: 1}},
		{"ID, then login", []string{aliceID, aliceLogin}, ops{standin.OpResetFactors: 1, standin.OpGetUser: 1}},
		{"login, then ID", []string{aliceLogin, aliceID}, ops{standin.OpResetFactors: 1, standin.OpGetUser: 1}},
		{"all", []string{aliceLogin, aliceID, aliceLogin, aliceID}, ops{standin.OpResetFactors: 1, standin.OpGetUser: 1}},
	}
	for _, tt := range tests {
		for _, dry := range []bool{false, true} {
			name, done, sent := tt.name, runner.StatusReset, tt.calls
			if dry {
				name, done, sent = tt.name+", dry run", runner.StatusWouldReset, ops{standin.OpGetUser: max(1, tt.calls[standin.OpGetUser])}
				if tt.inputs[0] == aliceID && tt.inputs[1] == aliceLogin {
					sent[standin.OpGetUser]++
				}
			}
			virtually(t, name, func(t *testing.T) {
				w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{DryRun: dry})
				w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
				w.org.Add(standin.User{Login: bob})
				for i, input := range tt.inputs {
					res, err := w.do(t.Context(), i+1, input)
					status, reason, text := done, runner.Reason(""), ""
					if i > 0 {
						status, reason, text = runner.StatusSkipped, runner.ReasonDuplicate, "the same user as row 1"
					}
					if res.Status != status || res.Reason != reason || res.Error != text || err != nil {
						t.Errorf("row %d, %q = %s/%s %q, %v, want %s/%s %q", i+1, input, res.Status, res.Reason, res.Error, err, status, reason, text)
					}
				}
				if diff := cmp.Diff(sent, calls(w)); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// The pool claims an ID when the row is read, and a login's user when it is looked up: in any
// order of these, one row resets the user.
func TestDuplicatesAtTheSameTime(t *testing.T) {
	t.Parallel()
	for _, inputs := range [][]string{{aliceID, aliceLogin}, {aliceLogin, aliceID}, {aliceLogin, aliceLogin, aliceID, aliceID}} {
		virtually(t, strings.Join(inputs, ", "), func(t *testing.T) {
			w := newWorld(t, standin.Config{LatencyJitter: 1e9}, oktaclient.Options{}, steps.Options{})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
			if err := w.run(t.Context(), 4, func(yield func(string) bool) {
				for _, s := range inputs {
					if !yield(s) {
						return
					}
				}
			}); err != nil {
				t.Error(err)
			}
			want := runner.Counts{runner.StatusReset: 1, runner.StatusSkipped: len(inputs) - 1}
			if diff := cmp.Diff(want, w.counts()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := w.org.Did(aliceID).ResetCalls; n != 1 {
				t.Errorf("%d resets, want 1", n)
			}
		})
	}
}

// The owner of the credentials, and deactivated users, are left alone.
func TestProtect(t *testing.T) {
	t.Parallel()
	const left = "00u1234567890abcdGON"
	tests := []struct {
		name, input string
		dry         bool
		reason      runner.Reason
		calls       ops
	}{
		{"self by ID", "owner's ID", false, runner.ReasonSelf, ops{}},
		{"self by login", "owner's login", false, runner.ReasonSelf, ops{standin.OpGetUser: 1}},
		{"self in a dry run", "owner's ID", true, runner.ReasonSelf, ops{standin.OpGetUser: 1}},
		{"deactivated by login", "left@example.com", false, runner.ReasonDeprovisioned, ops{standin.OpGetUser: 1}},
		{"deactivated by ID", left, false, runner.ReasonDeprovisioned, ops{standin.OpResetFactors: 1, standin.OpGetUser: 1}},
		{"deactivated by ID in a dry run", left, true, runner.ReasonDeprovisioned, ops{standin.OpGetUser: 1}},
		{"deactivated by login in a dry run", "left@example.com", true, runner.ReasonDeprovisioned, ops{standin.OpGetUser: 1}},
	}
	for _, tt := range tests {
		virtually(t, tt.name, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{DryRun: tt.dry})
			owner := w.org.Owner()
			w.know(steps.With{Self: owner.ID})
			w.org.Add(standin.User{ID: left, Login: "left@example.com", Status: standin.StatusDeprovisioned})
			input := strings.NewReplacer("owner's ID", owner.ID, "owner's login", owner.Login).Replace(tt.input)
			res, err := w.do(t.Context(), 1, input)
			if res.Status != runner.StatusSkipped || res.Reason != tt.reason || err != nil {
				t.Errorf("%q = %s/%s %q, %v, want skipped/%s", input, res.Status, res.Reason, res.Error, err, tt.reason)
			}
			if diff := cmp.Diff(tt.calls, calls(w)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if n := w.org.Stats().ResetsApplied; n != 0 {
				t.Errorf("%d resets, want none", n)
			}
			checkTexts(t, res)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		opts steps.Options
		want []string
	}{
		{steps.Options{}, []string{"identify", "protect", "reset_factors"}},
		{steps.Options{RecordFactors: true}, []string{"identify", "protect", "record_factors", "reset_factors"}},
		{steps.Options{DryRun: true}, []string{"identify", "protect"}},
		{steps.Options{SkipAdmins: true}, []string{"identify", "protect", "skip_admins", "reset_factors"}},
		{
			steps.Options{SkipAdmins: true, DryRun: true, RecordFactors: true},
			[]string{"identify", "protect", "skip_admins", "record_factors"},
		},
		{steps.Options{DryRun: true, RecordFactors: true}, []string{"identify", "protect", "record_factors"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, steps.NewPlan(tt.opts).Names()); diff != "" {
			t.Errorf("Reset(%+v).Names() (-want +got):\n%s", tt.opts, diff)
		}
	}
}

// A dry run only reads, and says what would happen.
func TestDryRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		input  string
		faults string
		want   runner.Status
		calls  ops
	}{
		{aliceID, "", runner.StatusWouldReset, ops{standin.OpGetUser: 1}},
		{aliceLogin, "", runner.StatusWouldReset, ops{standin.OpGetUser: 1}},
		{"a;b@example.com", "", runner.StatusWouldReset, ops{standin.OpListUsers: 1}},
		{"alice", "", runner.StatusInvalid, ops{standin.OpGetUser: 1}},
		{"00u1234567890abcdNOT", "", runner.StatusNotFound, ops{standin.OpGetUser: 1}},
		{aliceID, "403:get_user", runner.StatusForbidden, ops{standin.OpGetUser: 1}},
		{aliceID, "500:get_user", runner.StatusFailed, ops{standin.OpGetUser: 5}},
		{"me", "", runner.StatusInvalid, ops{}},
	} {
		virtually(t, tt.input+" "+tt.faults, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{DryRun: true})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
			w.org.Add(standin.User{Login: "a;b@example.com"})
			script(t, w.org, tt.faults)
			res, err := w.do(t.Context(), 1, tt.input)
			if res.Status != tt.want || err != nil || res.Attempts != 0 {
				t.Errorf("%q = %s %q, %d attempts, %v, want %s", tt.input, res.Status, res.Error, res.Attempts, err, tt.want)
			}
			if tt.want == runner.StatusWouldReset && (res.UserID == "" || res.Login == "") {
				t.Errorf("%q = user %q, login %q, want both", tt.input, res.UserID, res.Login)
			}
			if diff := cmp.Diff(tt.calls, calls(w)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if len(w.taken) != 0 {
				t.Errorf("rows taken: %v", w.taken)
			}
			checkTexts(t, res)
		})
	}
}

func TestRecordFactors(t *testing.T) {
	t.Parallel()
	list, both := ops{standin.OpListFactors: 1}, ops{standin.OpListFactors: 1, standin.OpResetFactors: 1}
	const left = "00u1234567890abcdGON"
	tests := []struct {
		input, faults string
		want          runner.Status
		reason        runner.Reason
		factors       []string
		calls         ops
	}{
		{aliceID, "", runner.StatusReset, "", []string{"push:OKTA", "token:software:totp:GOOGLE"}, both},
		// an empty list proves nothing: the user is reset nevertheless
		{"00u1234567890abcdNON", "", runner.StatusReset, "", nil, both},
		{aliceID, "403:list_factors", runner.StatusForbidden, "", nil, list},
		{aliceID, "403_status:list_factors", runner.StatusFailed, "", nil, list},
		{aliceID, "500:list_factors", runner.StatusFailed, "", nil, ops{standin.OpListFactors: 5}},
		{aliceID, "garbage:list_factors", runner.StatusFailed, "", nil, list},
		{left, "", runner.StatusSkipped, runner.ReasonDeprovisioned, nil, ops{standin.OpListFactors: 1, standin.OpGetUser: 1}},
		{"00u1234567890abcdNOT", "", runner.StatusNotFound, "", nil, ops{standin.OpListFactors: 1, standin.OpGetUser: 1}},
		{aliceID, "404_user:list_factors", runner.StatusFailed, "", nil, ops{standin.OpListFactors: 1, standin.OpGetUser: 1}},
	}
	for _, tt := range tests {
		virtually(t, tt.input+" "+tt.faults, func(t *testing.T) {
			w := newWorld(t, standin.Config{Engine: standin.Classic}, oktaclient.Options{}, steps.Options{RecordFactors: true})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin, Factors: []standin.Factor{
				{Type: "push", Provider: "OKTA"}, {Type: "sms", Provider: "OKTA", Hidden: true}, {Type: "token:software:totp", Provider: "GOOGLE"},
			}})
			w.org.Add(standin.User{ID: "00u1234567890abcdNON", Login: "none@example.com"})
			w.org.Add(standin.User{ID: left, Login: "left@example.com", Status: standin.StatusDeprovisioned})
			script(t, w.org, tt.faults)
			res, err := w.do(t.Context(), 1, tt.input)
			if res.Status != tt.want || res.Reason != tt.reason || err != nil {
				t.Errorf("%q = %s/%s %q, %v, want %s/%s", tt.input, res.Status, res.Reason, res.Error, err, tt.want, tt.reason)
			}
			if diff := cmp.Diff(tt.factors, res.Factors); diff != "" {
				t.Errorf("factors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.calls, calls(w)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if len(w.taken) != tt.calls[standin.OpResetFactors] {
				t.Errorf("%d rows taken, want %d", len(w.taken), tt.calls[standin.OpResetFactors])
			}
			checkTexts(t, res)
		})
	}
}
