package runner_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"oktareset/runner"
)

const (
	anID      = "00u1234567890abcdEFG"
	anotherID = "00u1234567890abcdEFH"

	jurgenNFC = "j\u00fcrgen@example.com"
	jurgenNFD = "ju\u0308rgen@example.com"
)

func TestParseIdentifier(t *testing.T) {
	t.Parallel()
	id := func(s string) runner.Identifier { return runner.Identifier{Kind: runner.KindID, Value: s} }
	login := func(s string) runner.Identifier { return runner.Identifier{Kind: runner.KindLogin, Value: s} }
	var none runner.Identifier
	hundred := strings.Repeat("a", 100)
	hundredWide := strings.Repeat("\u00fc", 100)
	tests := []struct {
		cell   string
		want   runner.Identifier
		reason runner.Reason
	}{
		{anID, id(anID), ""},
		{"  " + anID + "\t", id(anID), ""},
		{"\u00a0" + anID + "\u2003\r\n", id(anID), ""},
		{"00u00000000000000000", id("00u00000000000000000"), ""},
		{"00uzzzzzzzzzzzzzzzzz", id("00uzzzzzzzzzzzzzzzzz"), ""},
		// A near miss of an ID is a login: it is looked up, and never used for a change.
		{"00U1234567890abcdEFG", login("00U1234567890abcdEFG"), ""},
		{"00g1234567890abcdEFG", login("00g1234567890abcdEFG"), ""},
		{anID[:19], login(anID[:19]), ""},
		{anID + "0", login(anID + "0"), ""},
		{"00u1234567890abcd-FG", login("00u1234567890abcd-FG"), ""},
		{"00u1234567890abcd\u00fcF", login("00u1234567890abcd\u00fcF"), ""},

		{"alice@example.com", login("alice@example.com"), ""},
		{" Alice@Example.COM ", login("Alice@Example.COM"), ""},
		{"alice", login("alice"), ""},
		{"sp ace@example.com", login("sp ace@example.com"), ""},
		{"o'brien+x@example.com", login("o'brien+x@example.com"), ""},
		{"a/b@example.com", login("a/b@example.com"), ""},
		{"x;y@example.com", login("x;y@example.com"), ""},
		{`back\slash@example.com`, login(`back\slash@example.com`), ""},
		{"per%cent@example.com", login("per%cent@example.com"), ""},
		{"que?ry#x@example.com", login("que?ry#x@example.com"), ""},
		{"../../groups", login("../../groups"), ""},
		{"=HYPERLINK(1)", login("=HYPERLINK(1)"), ""},
		{"...", login("..."), ""},
		{"mee", login("mee"), ""},
		{"me@example.com", login("me@example.com"), ""},
		{jurgenNFC, login(jurgenNFC), ""},
		{jurgenNFD, login(jurgenNFD), ""},
		{"\u5c71\u7530@example.jp", login("\u5c71\u7530@example.jp"), ""},
		{"\U0001f600@example.com", login("\U0001f600@example.com"), ""},
		{"a\u00a0b@example.com", login("a\u00a0b@example.com"), ""},
		{hundred, login(hundred), ""},
		{hundredWide, login(hundredWide), ""}, // characters are counted, not bytes

		{"", none, runner.ReasonEmpty},
		{"   ", none, runner.ReasonEmpty},
		{"\t\r\n\u00a0\u2028", none, runner.ReasonEmpty},

		{"me", none, runner.ReasonReserved},
		{"ME", none, runner.ReasonReserved},
		{" mE ", none, runner.ReasonReserved},
		{".", none, runner.ReasonReserved},
		{"..", none, runner.ReasonReserved},
		{" .. ", none, runner.ReasonReserved},

		{hundred + "a", none, runner.ReasonMalformed},
		{hundredWide + "\u00fc", none, runner.ReasonMalformed},
		{strings.Repeat("x", 1<<20), none, runner.ReasonMalformed},
		{"alice\x00@example.com", none, runner.ReasonMalformed},
		{"alice\n@example.com", none, runner.ReasonMalformed},
		{"alice\t@example.com", none, runner.ReasonMalformed},
		{"alice\x1b[31m@example.com", none, runner.ReasonMalformed},
		{"alice\x7f@example.com", none, runner.ReasonMalformed},
		{"alice\u0085@example.com", none, runner.ReasonMalformed},
		{"\ufeffalice@example.com", none, runner.ReasonMalformed},
		{"\ufeff" + anID, none, runner.ReasonMalformed},
		{anID + "\u200b", none, runner.ReasonMalformed},
		{"me\u200b", none, runner.ReasonMalformed},
		{"\u2060me", none, runner.ReasonMalformed},
		{"\u200b", none, runner.ReasonMalformed},
		{"al\u200bice@example.com", none, runner.ReasonMalformed},
		{"al\u200dice@example.com", none, runner.ReasonMalformed},
		{"al\u00adice@example.com", none, runner.ReasonMalformed},
		{"\u202ealice@example.com", none, runner.ReasonMalformed},
		{"al\u2028ice@example.com", none, runner.ReasonMalformed},
		{"al\u2029ice@example.com", none, runner.ReasonMalformed},
		{"al\xffice@example.com", none, runner.ReasonMalformed},
		{"al\ufffdice@example.com", none, runner.ReasonMalformed},
		{"\xc3", none, runner.ReasonMalformed},
		{anID[:19] + "\xff", none, runner.ReasonMalformed},
	}
	for _, tt := range tests {
		got, reason := runner.ParseIdentifier(tt.cell)
		if got != tt.want || reason != tt.reason {
			t.Errorf("ParseIdentifier(%.60q) = %v, %q, want %v, %q", tt.cell, got, reason, tt.want, tt.reason)
		}
	}
}

// A row's error says what is wrong with it, and spells what nobody sees.
func TestWhyNobody(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"  ": "the cell is empty", "me": "a reserved word, which would name somebody else",
		"al\ufffdice@x":          "neither an Okta user ID nor a login: a letter in it isn't UTF-8; save the file as CSV UTF-8",
		"al\u200bice@x":          "neither an Okta user ID nor a login: it contains the invisible character U+200B",
		anID + "\u00ad":          "neither an Okta user ID nor a login: it contains the invisible character U+00AD",
		strings.Repeat("x", 101): "neither an Okta user ID nor a login: it is longer than 100 characters",
	} {
		if _, reason := runner.ParseIdentifier(cell); runner.WhyNobody(cell, reason) != want {
			t.Errorf("WhyNobody(%q) = %q, want %q", cell, runner.WhyNobody(cell, reason), want)
		}
	}
}

func TestSameLogin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"alice@example.com", "alice@example.com", true},
		{"alice@example.com", "ALICE@Example.Com", true},
		{jurgenNFC, jurgenNFD, true},
		{strings.ToUpper(jurgenNFC), jurgenNFD, true},
		{"\u03c3\u03c2@example.gr", "\u03a3\u03a3@example.gr", true},
		{"\u0416@example.com", "\u0436@example.com", true},

		{"alice@example.com", "alice", false},
		{"alice@example.com", "alice@example.com;x", false},
		{"alice@example.com", "alice@example.co", false},
		{"alice@example.com", " alice@example.com", false},
		{"alice@example.com", "", false},
		// Okta's own search treats these as the same.
		{jurgenNFC, "jurgen@example.com", false},
		{jurgenNFD, "jurgen@example.com", false},
		{"\u0142ukasz@example.com", "lukasz@example.com", false},
		// These look the same.
		{"\u0430lice@example.com", "alice@example.com", false},
		{"\uff41lice@example.com", "alice@example.com", false},
	}
	for _, tt := range tests {
		if got := runner.SameLogin(tt.a, tt.b); got != tt.want {
			t.Errorf("SameLogin(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
		if got := runner.SameLogin(tt.b, tt.a); got != tt.want {
			t.Errorf("SameLogin(%q, %q) = %v, want %v", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	same := [][]string{
		{anID},
		{anotherID},
		{"00u00000000000000000"},
		{"00uzzzzzzzzzzzzzzzzz"},
		{"00u00000000z00000000"},
		{"00u000000000z0000000"}, // the digits on both sides of the key's middle
		{"00u0000000z000000000"},
		{"00u1234567890abcdefg"}, // case counts in an ID
		{"00u1234567890abcdeFG"},
		{"alice@example.com", "Alice@EXAMPLE.com"},
		{jurgenNFC, jurgenNFD, strings.ToUpper(jurgenNFC)},
		{"jurgen@example.com"},
		{"alice"},
	}
	owner := make(map[runner.Key]int)
	for i, group := range same {
		for _, s := range group {
			id, reason := runner.ParseIdentifier(s)
			if reason != "" {
				t.Fatalf("ParseIdentifier(%q) = %q, want a valid one", s, reason)
			}
			if j, ok := owner[id.Key()]; ok && j != i {
				t.Errorf("%q has the key of %q", s, same[j])
			}
			owner[id.Key()] = i
		}
	}
	if len(owner) != len(same) {
		t.Errorf("%d keys for %d users", len(owner), len(same))
	}
}

// A survey makes a key for each of a million rows.
func TestKeyTakesNoMemory(t *testing.T) {
	for _, cell := range []string{anID, "Alice.Of.The.Long.Name@Customer-Operations.example.com"} {
		id := mustParse(t, cell)
		if n := testing.AllocsPerRun(100, func() { _ = id.Key() }); n > 0 {
			t.Errorf("Key() of %q allocates %v times, want never", cell, n)
		}
	}
}

func FuzzParseIdentifier(f *testing.F) {
	for _, s := range []string{
		"", " ", "me", "Me ", ".", "..", anID, anID + " ", "alice@example.com", jurgenNFC, jurgenNFD, "\ufeff" + anID,
		"a\x00b", "\xff", "al\u2028ice", "\u2028me\u2028", strings.Repeat("\u00fc", 101), "00u1234567890abcd\u00fcF",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		id, reason := runner.ParseIdentifier(cell)
		if reason != "" {
			if id != (runner.Identifier{}) {
				t.Errorf("ParseIdentifier(%q) = %v, %q, want no identifier with a reason", cell, id, reason)
			}
			return
		}
		v := id.Value
		switch {
		case id.Kind != runner.KindID && id.Kind != runner.KindLogin:
			t.Errorf("ParseIdentifier(%q) has kind %d", cell, id.Kind)
		case !strings.Contains(cell, v) || strings.TrimFunc(cell, unicode.IsSpace) != v:
			t.Errorf("ParseIdentifier(%q) = %q, want the cell without the spaces around it", cell, v)
		case v == "", v == ".", v == "..", strings.EqualFold(v, "me"):
			t.Errorf("ParseIdentifier(%q) lets %q through", cell, v)
		case !utf8.ValidString(v), strings.ContainsFunc(v, unicode.IsControl):
			t.Errorf("ParseIdentifier(%q) lets a control character through: %q", cell, v)
		case utf8.RuneCountInString(v) > 100:
			t.Errorf("ParseIdentifier(%q) lets %d characters through", cell, utf8.RuneCountInString(v))
		}
		again, reason := runner.ParseIdentifier(v)
		if again != id || reason != "" {
			t.Errorf("ParseIdentifier(%q) = %v, %q, want %v as for %q", v, again, reason, id, cell)
		}
		if !runner.SameLogin(again.Value, v) || again.Key() != id.Key() {
			t.Errorf("%q isn't the same as itself", v)
		}
	})
}

// idOf turns any string into an ID: the same ID for strings that agree in the 17 digits that fit.
func idOf(s string) runner.Identifier {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := []byte("00u00000000000000000")
	for i := range min(len(s), 17) {
		b[3+i] = digits[int(s[i])%62]
	}
	id, _ := runner.ParseIdentifier(string(b))
	return id
}

func FuzzKey(f *testing.F) {
	f.Add("alice@example.com", "ALICE@example.com")
	f.Add(jurgenNFC, jurgenNFD)
	f.Add(jurgenNFC, "jurgen@example.com")
	f.Add("\x00\x00\x00\x00\x00\x00\x00\x01", "\x00\x00\x00\x00\x00\x00\x00\x00\x01")
	f.Add("\u0130@x", "i\u0307@x")
	f.Add("K", "\u212a")
	f.Fuzz(func(t *testing.T, a, b string) {
		ida, idb := idOf(a), idOf(b)
		if ida.Kind != runner.KindID || idb.Kind != runner.KindID {
			t.Fatalf("%v or %v is no ID", ida, idb)
		}
		if same := ida.Key() == idb.Key(); same != (ida == idb) {
			t.Errorf("keys of the IDs %q and %q are equal: %v, want %v", ida.Value, idb.Value, same, ida == idb)
		}
		la, ra := runner.ParseIdentifier(a)
		lb, rb := runner.ParseIdentifier(b)
		if ra != "" || rb != "" || la.Kind != runner.KindLogin || lb.Kind != runner.KindLogin {
			return
		}
		want := runner.SameLogin(la.Value, lb.Value)
		if same := la.Key() == lb.Key(); same != want {
			t.Errorf("keys of the logins %q and %q are equal: %v, want %v", la.Value, lb.Value, same, want)
		}
		if la.Key() == idb.Key() || lb.Key() == ida.Key() {
			t.Errorf("a login of %q, %q shares the key of an ID", a, b)
		}
	})
}
