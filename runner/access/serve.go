package access

import (
	"context"
	"errors"
	"fmt"

	"oktareset/oktaclient/standin"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/roster"
)

// Serving are the flags of sandbox.
type Serving struct {
	Config standin.Config
	Faults []standin.Fault
	App    string // file of the app's key; "": no app
	Dpop   bool
	Scopes []string // granted to the app; none: all that this program asks for
	Fill   string
	Column string // of Fill
	Listen string
}

// Serve serves the stand-in until ctx ends. It prints the settings for a shell to stdout.
func Serve(ctx context.Context, a *Env, o Serving) error {
	org := standin.New(o.Config)
	org.Script(o.Faults...)
	if o.Fill != "" {
		n, err := a.fillOrg(ctx, org, o.Fill, o.Column)
		if err != nil {
			return fault.Refused(err)
		}
		a.Console.Info("%s added from %s", console.Plural(n, "user"), o.Fill)
	}
	signIn := "export OKTA_CLIENT_TOKEN=" + org.Token() + "\n"
	if o.App != "" {
		var err error
		if signIn, err = addApp(ctx, org, o); err != nil {
			return err
		}
	}
	s, err := ServeOrg(ctx, org, o.Listen)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = fmt.Fprintf(a.Stdout, "export OKTA_CLIENT_ORGURL=%s\n%s", s.URL(), signIn)
	if err != nil {
		return err
	}
	a.Console.Info("serving a stand-in org; what was done to whom: %s/sandbox/stats; stop with Ctrl-C", s.URL())
	<-ctx.Done()
	if sig := (fault.Signal{}); !errors.As(context.Cause(ctx), &sig) {
		return context.Cause(ctx)
	}
	st := org.Stats()
	a.Console.Info("%d requests, %d answered 429; %d resets of %d users", st.Requests, st.TooMany, st.ResetsApplied, st.UsersReset)
	return nil
}

func (e *Env) fillOrg(ctx context.Context, org *standin.Org, path, column string) (int, error) {
	f, err := roster.Open(path, roster.Options{Column: column, List: true, ColumnFlag: "--column", Desk: true})
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	if _, err := f.Survey(ctx); err != nil {
		return 0, err
	}
	for _, w := range f.Warnings() {
		e.Console.Warn("%s: %s", path, w)
	}
	return org.AddIdentifiers(Identifiers(f)), nil
}
