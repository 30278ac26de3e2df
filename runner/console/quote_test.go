package console

import "testing"

func TestQuotes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ posix, powerShell string }{
		`users.csv`:         {`users.csv`, `users.csv`},
		`C:\jobs\users.csv`: {`'C:\jobs\users.csv'`, `C:\jobs\users.csv`},
		`my users.csv`:      {`'my users.csv'`, `"my users.csv"`},
		`my folder\`:        {`'my folder\'`, `"my folder\\"`},
		`%Y-%m-%d.csv`:      {`%Y-%m-%d.csv`, `'%Y-%m-%d.csv'`},
		`a,@b`:              {`a,@b`, `"a,@b"`},
		`it's`:              {`'it'\''s'`, `"it's"`},
		`it's $HOME`:        {`'it'\''s $HOME'`, `'it''s $HOME'`},
		"`calc`":            {"'`calc`'", "'`calc`'"},
		`"&calc&"`:          {`'"&calc&"'`, `'"&calc&"'`},
		`x’; calc; ‘ "`:     {`'x’; calc; ‘ "'`, `'x’’; calc; ‘‘ "'`},
		`x” calc`:           {`'x” calc'`, `'x” calc'`},
		``:                  {`''`, `""`},
	} {
		if got := posixQuote(text); got != want.posix {
			t.Errorf("posixQuote(%s) = %s, want %s", text, got, want.posix)
		}
		if got := powerShellQuote(text); got != want.powerShell {
			t.Errorf("powerShellQuote(%s) = %s, want %s", text, got, want.powerShell)
		}
	}
}
