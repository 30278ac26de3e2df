package steps_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

// exclusions makes a file of exclusions, vips.csv, with lines of one identifier or, with a space
// between, two.
func exclusions(t *testing.T, lines ...string) steps.ExcludedFile {
	t.Helper()
	f := steps.ExcludedFile{Path: "vips.csv"}
	for i, line := range lines {
		l := steps.ExcludedLine{Line: i + 1}
		for _, cell := range strings.Fields(line) {
			id, reason := runner.ParseIdentifier(cell)
			if reason != "" {
				t.Fatalf("%q is %s", cell, reason)
			}
			l.Names = append(l.Names, id)
		}
		f.Lines = append(f.Lines, l)
	}
	return f
}

// exclude looks up the excluded users and gives them to the list.
func (w *world) exclude(t *testing.T, lines ...string) steps.Finding {
	t.Helper()
	e := steps.NewExcluded([]steps.ExcludedFile{exclusions(t, lines...)})
	if err := e.LookUp(t.Context(), w.client, 3, func() {}); err != nil {
		t.Fatal(err)
	}
	w.know(steps.With{Excluded: e})
	return e.Findings()[0]
}

// linesOf are the numbers of lines.
func linesOf(lines []steps.ExcludedLine) (numbers []int) {
	for _, l := range lines {
		numbers = append(numbers, l.Line)
	}
	return numbers
}

const bobID = "00u1234567890abcdBOB"

// However a row and an exclusion name one user, the user is left alone; nobody else is.
func TestExcluded(t *testing.T) {
	t.Parallel()
	const (
		jurgenNFC = "j\u00fcrgen@example.com"
		jurgenNFD = "ju\u0308rgen@example.com"
	)
	tests := []struct {
		login, exclude, input string // login: the user's
		want                  bool
	}{
		{aliceLogin, aliceID, aliceID, true},
		{aliceLogin, aliceID, aliceLogin, true},
		{aliceLogin, aliceLogin, aliceID, true},
		{aliceLogin, aliceLogin, aliceLogin, true},
		{aliceLogin, "ALICE@example.COM", aliceID, true},
		{aliceLogin, aliceLogin, "Alice@Example.com", true},
		{jurgenNFC, jurgenNFD, aliceID, true},
		{jurgenNFD, jurgenNFC, jurgenNFD, true},
		{"a/b;c@example.com", "A/B;C@example.com", aliceID, true},
		{"alice", "alice", aliceID, true},
		{aliceLogin, "bob@example.com", aliceID, false},
		{aliceLogin, "bob@example.com", aliceLogin, false},
		{aliceLogin, "nobody@example.com", aliceID, false},
		{aliceLogin, "bob@example.com nobody@example.com", aliceID, false},
		// something has lost the case of an ID
		{aliceLogin, strings.ToLower(aliceID), aliceLogin, true},
		{aliceLogin, strings.ToLower(aliceID), aliceID, true},
		{aliceLogin, strings.ToUpper(aliceID), aliceID, true},
		{aliceLogin, aliceID + " nobody@example.com", aliceLogin, true}, // either name is enough
		{aliceLogin, strings.ToLower(aliceID) + " " + aliceLogin, aliceID, true},
		{aliceLogin, aliceID + " bob@example.com", aliceLogin, true}, // two users: both
		{aliceLogin, bobID + " " + aliceLogin, aliceID, true},
	}
	for i, tt := range tests {
		for _, dry := range []bool{false, true} {
			virtually(t, fmt.Sprint(i, dry), func(t *testing.T) {
				w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{DryRun: dry})
				w.org.Add(standin.User{ID: aliceID, Login: tt.login})
				w.org.Add(standin.User{ID: bobID, Login: "bob@example.com"})
				w.exclude(t, "carol@example.com", tt.exclude)
				res, err := w.do(t.Context(), 1, tt.input)
				if err != nil || (res.Reason == runner.ReasonExcluded) != tt.want || (res.Status == runner.StatusSkipped) != tt.want {
					t.Errorf("exclude %q, row %q: %s/%s %q, %v", tt.exclude, tt.input, res.Status, res.Reason, res.Error, err)
				}
				if tt.want && res.Error != "excluded by vips.csv, line 2" {
					t.Errorf("%q doesn't name the line", res.Error)
				}
				resets := 1
				if tt.want || dry {
					resets = 0
				}
				if n := w.org.Did(aliceID).ResetCalls; n != resets || len(w.taken) != resets {
					t.Errorf("exclude %q, row %q: %d resets, %d taken, want %d", tt.exclude, tt.input, n, len(w.taken), resets)
				}
				checkTexts(t, res)
			})
		}
	}
}

// A login with another owner by the time of the reset protects both.
func TestExcludedLoginMoves(t *testing.T) {
	t.Parallel()
	// a dry run looks up users that are named by ID
	for input, dry := range map[string]bool{aliceID: false, aliceLogin: false, bobID: true} {
		virtually(t, input, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{DryRun: dry})
			w.org.Add(standin.User{ID: bobID, Login: aliceLogin}) // whose login it is now
			w.org.Add(standin.User{ID: aliceID, Login: "alice.new@example.com"})
			w.canned = func(r *http.Request) *http.Response {
				if r.Method == "GET" {
					return reply(r, 200, `{"id":"`+aliceID+`","status":"ACTIVE","profile":{"login":"`+aliceLogin+`"}}`)
				}
				return nil
			}
			w.exclude(t, aliceLogin)
			w.canned = nil
			if res, err := w.do(t.Context(), 1, input); res.Reason != runner.ReasonExcluded || err != nil {
				t.Errorf("%s/%s %q, %v, want it excluded", res.Status, res.Reason, res.Error, err)
			}
			if n := w.posts(); n != 0 {
				t.Errorf("%d resets, want none", n)
			}
		})
	}
}

// Each name is looked up once, even if several lines have it, and a login not at all if the
// look-up of an ID has shown it. Names that nobody has are reported; a deactivated user is
// somebody.
func TestLookUpExcluded(t *testing.T) {
	t.Parallel()
	virtually(t, "", func(t *testing.T) {
		w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
		w.org.Add(standin.User{ID: aliceID, Login: aliceLogin, Status: standin.StatusDeprovisioned})
		w.org.Add(standin.User{Login: "bob@example.com"})
		lines := []string{"x@example.com", aliceLogin, "ALICE@example.com", bobID, "a;b@example.com", aliceID + " bob@example.com", aliceID + " y@example.com"}
		e := steps.NewExcluded([]steps.ExcludedFile{exclusions(t, lines...), exclusions(t, aliceLogin)})
		if n := e.LookUps(); n != 7 {
			t.Errorf("%d look-ups, want 7", n)
		}
		var done atomic.Int32
		err := e.LookUp(t.Context(), w.client, 2, func() { done.Add(1) })
		f := e.Findings()
		if err != nil || done.Load() != 7 || e.LookUps() != 0 || f[0].IDs != 2 || f[0].IDsFound != 1 || f[0].Lines != 7 || len(f[1].Nobody) > 0 {
			t.Errorf("%v, %d looked up, %+v", err, done.Load(), f)
		}
		if diff := cmp.Diff([][]int{{1, 4, 5}, {6}}, [][]int{linesOf(f[0].Nobody), linesOf(f[0].Several)}); diff != "" {
			t.Errorf("lines of nobody and of several users (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(ops{standin.OpGetUser: 5, standin.OpListUsers: 2}, calls(w)); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		w.know(steps.With{Excluded: e})
		if res, _ := w.do(t.Context(), 1, aliceID); res.Reason != runner.ReasonExcluded {
			t.Errorf("a deactivated user who is excluded: %s/%s", res.Status, res.Reason)
		}
	})
}

// A user found by an earlier look-up is protected without a new one, and besides users found by a
// new one.
func TestLookUpExcludedAgain(t *testing.T) {
	t.Parallel()
	for _, recent := range []bool{false, true} {
		virtually(t, fmt.Sprint(recent), func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
			w.org.Add(standin.User{ID: aliceID, Login: "alice.new@example.com"})
			w.org.Add(standin.User{ID: bobID, Login: aliceLogin}) // whose login it is now
			f := exclusions(t, aliceLogin)
			f.LookedUp, f.Lines[0].Users = recent, []steps.ExcludedUser{{ID: aliceID, Login: aliceLogin}}
			e := steps.NewExcluded([]steps.ExcludedFile{f})
			if err := e.LookUp(t.Context(), w.client, 2, func() {}); err != nil {
				t.Fatal(err)
			}
			w.know(steps.With{Excluded: e})
			for row, input := range []string{aliceID, aliceLogin, bobID} {
				res, _ := w.do(t.Context(), row+1, input)
				w.seen.Forget(func(int) bool { return true })
				if excluded := res.Reason == runner.ReasonExcluded; excluded != (input != bobID || !recent) {
					t.Errorf("%s: %s/%s", input, res.Status, res.Reason)
				}
			}
			if n := w.org.Did(aliceID).ResetCalls; n != 0 {
				t.Errorf("%d resets of who was excluded", n)
			}
			if several := len(e.Findings()[0].Several) > 0; several == recent {
				t.Errorf("several users: %v", several)
			}
		})
	}
}

// An address in an exclusion that is another user's login leaves it unclear who is meant.
func TestLookUpExcludedMail(t *testing.T) {
	t.Parallel()
	virtually(t, "", func(t *testing.T) {
		w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
		w.org.Add(standin.User{ID: aliceID, Login: aliceLogin, Email: "team@example.com"})
		w.org.Add(standin.User{ID: bobID, Login: "team@example.com", Email: "bob@example.com"})
		f := exclusions(t, "team@example.com")
		f.Mail = true
		err := steps.NewExcluded([]steps.ExcludedFile{f}).LookUp(t.Context(), w.client, 2, func() {})
		if !steps.IsOtherUser(err) || !strings.Contains(err.Error(), `vips.csv: line 1: look up "team@example.com": the user with this login, "team@example.com", has another`) {
			t.Errorf("LookUp() = %v", err)
		}
	})
}

// Any outcome other than found or not found is an error: nobody may count as unprotected because
// Okta was busy.
func TestLookUpExcludedFails(t *testing.T) {
	t.Parallel()
	user := func(id, login string) string { return `{"id":"` + id + `","profile":{"login":"` + login + `"}}` }
	tests := []struct {
		name, exclude string
		status        int
		body          string
		other         bool
		fate          oktaclient.Fate
	}{
		{"a short name's owner", "alice", 200, user(aliceID, aliceLogin), true, oktaclient.InDoubt},
		{"the first part's", "alice@example.com", 200, user(aliceID, "alice"), true, oktaclient.InDoubt},
		{"somebody with an accent", "a@x", 200, user(aliceID, "\u00e1@x"), true, oktaclient.InDoubt},
		{"another by filter", "a;b@x", 200, "[" + user(aliceID, "a;c@x") + "]", true, oktaclient.InDoubt},
		{"no ID", "a@x", 200, user("alice", "a@x"), false, oktaclient.InDoubt},
		{"no user", "a@x", 200, "{}", true, oktaclient.InDoubt},
		{"garbage", "a@x", 200, "<html>", false, oktaclient.InDoubt},
		{"500", "a@x", 500, `{"errorCode":"E0000009","errorId":"oae"}`, false, oktaclient.InDoubt},
		{"400", "a@x", 400, `{"errorCode":"E0000001","errorId":"oae"}`, false, oktaclient.Refused},
		{"403", "a@x", 403, `{"errorCode":"E0000006","errorId":"oae"}`, false, oktaclient.Forbidden},
		{"401", "a@x", 401, `{"errorCode":"E0000011","errorId":"oae"}`, false, oktaclient.NoAccess},
		{"404 of the path", "a@x", 404, `{"errorCode":"E0000008","errorId":"oae"}`, false, oktaclient.WrongOrg},
	}
	for _, tt := range tests {
		virtually(t, tt.name, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
			w.canned = func(r *http.Request) *http.Response {
				if strings.HasSuffix(r.URL.Path, "z@example.com") {
					return nil
				}
				return reply(r, tt.status, tt.body)
			}
			e := steps.NewExcluded([]steps.ExcludedFile{exclusions(t, "z@example.com", tt.exclude)})
			w.org.AddIdentifiers(slices.Values([]string{"z@example.com"}))
			err := e.LookUp(t.Context(), w.client, 1, func() {})
			x := (*steps.ExclusionError)(nil)
			if !errors.As(err, &x) || x.Line != 2 || steps.IsOtherUser(err) != tt.other || oktaclient.FateOf(err) != tt.fate {
				t.Errorf("%v, fate %v, want line 2, fate %v", err, oktaclient.FateOf(err), tt.fate)
			}
			if err != nil && !strings.HasPrefix(err.Error(), `vips.csv: line 2: look up "`+tt.exclude+`": `) {
				t.Errorf("error %q", err)
			}
		})
	}
}

// A look-up ends with its context, also while the bucket is held.
func TestLookUpExcludedStops(t *testing.T) {
	t.Parallel()
	virtually(t, "", func(t *testing.T) {
		limits := map[string]int{standin.BucketUser: 4}
		w := newWorld(t, standin.Config{Limits: limits, TokenShare: 100}, oktaclient.Options{}, steps.Options{})
		var cells []string
		for i := range 50 {
			cells = append(cells, fmt.Sprintf("user%d@example.com", i))
		}
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		timer := time.AfterFunc(10*time.Second, func() { cancel(stop) })
		defer timer.Stop()
		start := time.Now()
		err := steps.NewExcluded([]steps.ExcludedFile{exclusions(t, cells...)}).LookUp(ctx, w.client, 8, func() {})
		if !errors.Is(err, stop) || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v, want the cause after 10s", err, time.Since(start))
		}
	})
}

// A user with an admin role isn't reset, and neither is one whose roles aren't known for certain.
func TestSkipAdmins(t *testing.T) {
	t.Parallel()
	const left = "00u1234567890abcdGON"
	both := ops{standin.OpListRoles: 1, standin.OpResetFactors: 1}
	one := ops{standin.OpListRoles: 1}
	missing := ops{standin.OpListRoles: 1, standin.OpGetUser: 1}
	tests := []struct {
		name, input   string
		roles, groups []string
		fault         string
		want          runner.Status
		reason        runner.Reason
		text          string
		calls         ops
	}{
		{name: "nobody's admin", want: runner.StatusReset, calls: both},
		{name: "an admin", roles: []string{"SUPER_ADMIN"}, want: runner.StatusSkipped, reason: runner.ReasonAdmin, text: `has the admin role "SUPER_ADMIN"`, calls: one},
		{name: "the least", roles: []string{"READ_ONLY_ADMIN"}, want: runner.StatusSkipped, reason: runner.ReasonAdmin, text: `has the admin role "READ_ONLY_ADMIN"`, calls: one},
		{name: "a custom role", roles: []string{"Tier 2"}, want: runner.StatusSkipped, reason: runner.ReasonAdmin, text: `has the admin role "Tier 2"`, calls: one},
		{name: "by a group", groups: []string{"ORG_ADMIN"}, want: runner.StatusSkipped, reason: runner.ReasonAdmin, text: `has the admin role "ORG_ADMIN" through a group`, calls: one},
		{
			name: "several", roles: []string{"APP_ADMIN"}, groups: []string{"ORG_ADMIN", "Tier 2"}, want: runner.StatusSkipped, reason: runner.ReasonAdmin,
			text: `has the admin role "APP_ADMIN", and 2 more`, calls: one,
		},
		{name: "a lasting 500", fault: "500:list_roles", want: runner.StatusFailed, text: "list roles: 500", calls: ops{standin.OpListRoles: 5}},
		{name: "a passing 500", fault: "500:list_roles:times=1", want: runner.StatusReset, calls: ops{standin.OpListRoles: 2, standin.OpResetFactors: 1}},
		{name: "half an answer", fault: "garbage:list_roles", want: runner.StatusFailed, text: "list roles: ", calls: one},
		{name: "404 of somebody", fault: "404_user:list_roles", want: runner.StatusFailed, text: "404", calls: missing},
		{name: "a deactivated user", input: left, fault: "404_user:list_roles", want: runner.StatusSkipped, reason: runner.ReasonDeprovisioned, text: "deactivated", calls: missing},
		{name: "nobody", input: "00u1234567890abcdNOB", want: runner.StatusNotFound, text: "404", calls: missing},
	}
	for _, tt := range tests {
		virtually(t, tt.name, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{SkipAdmins: true})
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin, Roles: tt.roles, GroupRoles: tt.groups})
			w.org.Add(standin.User{ID: left, Login: "left@example.com", Status: standin.StatusDeprovisioned})
			script(t, w.org, tt.fault)
			input := aliceID
			if tt.input != "" {
				input = tt.input
			}
			res, err := w.do(t.Context(), 1, input)
			if res.Status != tt.want || res.Reason != tt.reason || err != nil || !strings.Contains(res.Error, tt.text) {
				t.Errorf("%s/%s %q, %v, want %s/%s %q", res.Status, res.Reason, res.Error, err, tt.want, tt.reason, tt.text)
			}
			if diff := cmp.Diff(tt.calls, calls(w), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if n, want := w.org.Did(aliceID).Resets, tt.calls[standin.OpResetFactors]; n != want {
				t.Errorf("%d resets, want %d", n, want)
			}
			checkTexts(t, res)
		})
	}
}

// For a deactivated user who was looked up, roles are read first, as for one who wasn't looked
// up.
func TestSkipAdminsAgrees(t *testing.T) {
	t.Parallel()
	for _, dry := range []bool{false, true} {
		for _, roles := range [][]string{nil, {"SUPER_ADMIN"}} {
			virtually(t, fmt.Sprint(dry, roles), func(t *testing.T) {
				w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{SkipAdmins: true, DryRun: dry})
				w.org.Add(standin.User{ID: aliceID, Login: aliceLogin, Status: standin.StatusDeprovisioned, Roles: roles})
				byID, _ := w.do(t.Context(), 1, aliceID)
				w.seen.Forget(func(int) bool { return true })
				byLogin, _ := w.do(t.Context(), 2, aliceLogin)
				want := runner.ReasonDeprovisioned
				if roles != nil {
					want = runner.ReasonAdmin
				}
				if byID.Reason != want || byLogin.Reason != want {
					t.Errorf("%s by ID, %s by login, want %s", byID.Reason, byLogin.Reason, want)
				}
			})
		}
	}
}

// Credentials that may not read roles at all are refused before anybody is reset. Otherwise a
// single refusal concerns only its row.
func TestRolesForbidden(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault string
		stop  func(error) bool
		want  runner.Counts // besides rows that weren't begun
		posts int
	}{
		{"403:list_roles", func(err error) bool { return errors.Is(err, steps.ErrNoRoles) }, runner.Counts{runner.StatusNotAttempted: 1}, 0},
		{
			"403_scope:list_roles", func(err error) bool { return oktaclient.FateOf(err) == oktaclient.NoAccess },
			runner.Counts{runner.StatusNotAttempted: 1},
			0,
		},
		{"403:list_roles:skip=1:times=1", func(err error) bool { return err == nil }, runner.Counts{runner.StatusReset: 19, runner.StatusFailed: 1}, 19},
		{
			"401:list_roles:skip=3", func(err error) bool { return oktaclient.FateOf(err) == oktaclient.NoAccess },
			runner.Counts{runner.StatusReset: 3, runner.StatusNotAttempted: 1},
			3,
		},
	}
	for _, tt := range tests {
		virtually(t, tt.fault, func(t *testing.T) {
			w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{SkipAdmins: true})
			ids := w.ids(20)
			script(t, w.org, tt.fault)
			err := w.run(t.Context(), 1, ids)
			if diff := cmp.Diff(tt.want, w.counts()); diff != "" || !tt.stop(err) || w.posts() != tt.posts {
				t.Errorf("stopped by %v, %d resets (-want +got):\n%s", err, w.posts(), diff)
			}
		})
	}
	virtually(t, "many workers", func(t *testing.T) {
		w := newWorld(t, standin.Config{Latency: 50 * time.Millisecond}, oktaclient.Options{}, steps.Options{SkipAdmins: true})
		ids := w.ids(100)
		script(t, w.org, "403:list_roles")
		if err := w.run(t.Context(), 16, ids); !errors.Is(err, steps.ErrNoRoles) || w.posts() > 0 || len(w.taken) > 0 {
			t.Errorf("%v, %d resets, want none", err, w.posts())
		}
		if n := w.counts()[runner.StatusNotAttempted]; n != len(w.settled) {
			t.Errorf("%v, want nothing but not_attempted", w.counts())
		}
	})
}
