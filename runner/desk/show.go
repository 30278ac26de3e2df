package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/challenge"
	"oktareset/runner/console"
)

// list shows the user's factors.
func (r *task) list(ctx context.Context) error {
	factors, _, err := r.client.ListFactors(ctx, r.user.ID)
	if err != nil {
		return r.explain(err, "list the factors")
	}
	if len(factors) == 0 {
		r.Console.Info("no factor is listed for %s; that proves nothing: Okta lists what the user's enrollment policy allows", r.user.Profile.Login)
	}
	return r.show(factors, func(t *console.Table) {
		t.Row("ID", "TYPE", "PROVIDER", "STATUS", "WHICH", "VERIFY BY", "CREATED")
		for _, f := range factors {
			t.Row(f.ID, f.Type, f.Provider, f.Status, challenge.Which(f), verifiedBy(f), day(f.Created))
		}
	})
}

// catalog shows what the user may enroll.
func (r *task) catalog(ctx context.Context) error {
	list, _, err := r.client.SupportedFactors(ctx, r.user.ID)
	if err != nil {
		return r.explain(err, "list what may be enrolled")
	}
	raw := make([]json.RawMessage, len(list))
	for i, s := range list {
		raw[i] = s.Raw
	}
	return r.show(raw, func(t *console.Table) {
		t.Row("TYPE", "PROVIDER", "STATUS", "ENROLLMENT")
		for _, s := range list {
			t.Row(s.Type, s.Provider, s.Status, s.Enrollment)
		}
	})
}

// questions shows the security questions.
func (r *task) questions(ctx context.Context) error {
	list, _, err := r.client.ListQuestions(ctx, r.user.ID)
	if err != nil {
		return r.explain(err, "list the questions")
	}
	raw := make([]json.RawMessage, len(list))
	for i, q := range list {
		raw[i] = q.Raw
	}
	return r.show(raw, func(t *console.Table) {
		t.Row("QUESTION", "TEXT")
		for _, q := range list {
			t.Row(q.Key, q.Text)
		}
	})
}

// get shows one factor.
func (r *task) get(ctx context.Context) error {
	f, _, err := r.factor(ctx, false)
	if err != nil {
		return err
	}
	return r.showFactor(f)
}

func (r *task) showFactor(f oktaclient.Factor) error {
	return r.show(f, func(t *console.Table) {
		t.Row("id", f.ID)
		t.Row("type", f.String())
		t.Row("status", f.Status)
		t.Row("created", moment(f.Created))
		t.Row("updated", moment(f.LastUpdated))
		for _, name := range slices.Sorted(maps.Keys(f.Profile)) {
			t.Row(name, fmt.Sprint(f.Profile[name]))
		}
	})
}

// show prints v as JSON, or as a table for people.
func (r *task) show(v any, table func(*console.Table)) error {
	var text string
	if r.TerminalOut && !r.opts.JSON {
		var t console.Table
		table(&t)
		text = t.Text(r.Columns())
	} else {
		var err error
		if text, err = runner.JSONText(v, "  "); err != nil {
			return notDone("", "print Okta's answer: %w", err)
		}
	}
	if _, err := io.WriteString(r.Stdout, text); err != nil {
		return notDone("if this was a change, it was made nevertheless", "print Okta's answer: %w", err)
	}
	return nil
}

// verifiedBy says how factors verify can verify a user by a factor, "" if it can't.
func verifiedBy(f oktaclient.Factor) string {
	switch {
	case f.Status != oktaclient.FactorActive || oktaclient.OwnDevice(f.Type) != "" || f.Type == "web":
		return ""
	case f.Type == "push":
		return "push"
	case f.Type == "question":
		return "answer"
	case challenge.Sends(f.Type):
		return "passcode, sent"
	}
	return "passcode"
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
