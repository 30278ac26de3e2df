package repository

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oktareset/runner/command/help"
)

// claim is a sentence of the help topic security, and the tests that fail if it is false: scripts
// by name, functions as FOLDER: NAME.
type claim struct {
	sentence string
	tests    []string
}

// claims are all of them, in the topic's order. If a change of the program makes one false, its
// tests fail. If a sentence changes, TestClaims fails until somebody has checked that the tests
// still fit the sentence.
var claims = []claim{
	// Secrets
	{"No flag takes a secret.", []string{
		"runner/command: TestFlagsTakeNoSecret", "security_settings", "factors_enroll",
	}},
	{"Passcodes and answers are typed unseen, or piped in.", []string{
		"factors_verify", "factors_enroll", "reset_verify",
	}},
	{"No secret is printed, logged or written. (`factors enroll` shows the user's new one.)", []string{
		"security_secrets", "oktaclient: TestTokenPrintsRedacted",
		"oktaclient: TestSecretsPrintRedacted", "oktaclient: TestSecretsOfFactorsDontPrint",
	}},
	{"A dump of the stacks contains no secret.", []string{
		"security_secrets",
	}},
	{"A token or key that a server sends back is removed, also from gzip and from the escapes of JSON and URLs.", []string{
		"oktaclient: TestEchoesOfEveryCall", "oktaclient: TestEncodedEchoes",
		"oktaclient: TestSecretsInHeaders", "oktaclient: TestTokenEndpointEchoes",
		"oktaclient: TestProxySecretsInReplies", "oktaclient: FuzzClean",
		"runner/command: TestNoEchoComesOut", "runner/command: TestPrintedTokenIsRedacted",
	}},
	{"A passcode or answer that a server sends back is removed if it is a whole value, and from errors.", []string{
		"oktaclient: TestTypedSecretsAreTakenOut", "oktaclient: TestTypedSecretsInRefusals",
		"oktaclient: TestTypedSecretsInBrokenAnswers",
	}},
	{"Nothing that a server sends unasked is printed.", []string{
		"security_chatty",
	}},
	{"A secret in the place of an org URL, a file's name, a mode or a proxy isn't shown.", []string{
		"security_settings", "security_config", "config_bad", "config_sources", "security_proxy",
		"oktaclient: TestParseOrgURLKeepsSecretsOut", "oktaclient: TestOrgURLShowsNoSecret",
	}},
	{"A secret with quotes, `NAME=` or `SSWS` around it isn't sent.", []string{
		"security_settings",
	}},
	{"A private key is never sent.", []string{
		"oktaclient: TestPrivateKeysStayHere",
	}},
	{"A `./.okta.yaml` that counts is named.", []string{
		"security_config",
	}},
	{"A `./.okta.yaml` sends no secret from elsewhere to its org, names no key outside of its folder, and runs nothing.", []string{
		"config_sources", "security_inway", "token_command",
	}},
	{"A token command runs in no shell, and gets no other secret.", []string{
		"token_command", "token_command_bad", "runner/access: TestSplitCommand",
		"runner/access: TestTokenCommandEnvironment",
	}},
	{"The pager of `help` runs in no shell, and gets no secret.", []string{
		"help",
	}},
	{"A secret's file that others can read gets a warning.", []string{
		"config_sources", "config_bad",
	}},
	// Files
	{"Nothing is written but the files [below](#what-is-stored-where).", []string{
		"security_written",
	}},
	{"Every file has mode 0600 before anything is in it, whatever the umask.", []string{
		"runner/files: TestModeUnderAnyUmask", "runner/files: TestMakePrivate",
		"runner/ledger: TestResumeMakesPrivate", "security_files",
	}},
	{"No file is overwritten, except a page, a cursor, a list or a rehearsal, by a newer one.", []string{
		"after", "notify_bad",
		"security_files", "report", "run_sandbox", "users_export", "audit",
		"runner/files: TestNothingIsOverwritten",
	}},
	{"Nothing is written through a link.", []string{
		"security_files", "runner/files: TestMakePrivate", "runner/files: TestReplaceOfALink",
		"runner/files: TestNoFollow", "runner/ledger: TestLockWritesOverNothing",
	}},
	{"No pipe, device or endless file in a file's place takes time or memory.", []string{
		"security_inway", "security_config", "runner/files: TestReadRefuses",
		"runner/files: TestOpenedPipe",
	}},
	{"A signal ends every wait for an input.", []string{
		"security_inway", "token_command_input", "runner/files: TestReadNamedEndsWithItsContext",
		"runner/files: TestInterruptible",
	}},
	{"A resume refuses results that others wrote or can change.", []string{
		"security_files", "runner/command: TestForgedLedgerIsNoConsent",
		"runner/ledger: TestResumeTakesItsOwnFilesOnly",
	}},
	// Network
	{"Requests go to the org only, through `HTTPS_PROXY` if that is set. Mails go to the server of `--smtp` only.", []string{
		"security_elsewhere", "security_tunnel", "runner/command: TestOnlyTheOrgIsAsked", "runner/command: TestNotify",
	}},
	{"A proxy that is set and can't be used is refused.", []string{
		"security_proxy", "oktaclient: TestParseProxy", "runner/access: TestProxyOfTheEnvironment",
		"runner/access: TestProxyOfTheSDKs",
	}},
	{"No redirect is followed, and no link to another host.", []string{
		"oktaclient: TestNothingGoesElsewhere", "oktaclient: TestRedirectIsNotFollowed",
		"oktaclient: TestPagesElsewhereAreRefused", "oktaclient: TestTokenEndpointElsewhere",
	}},
	{"A server without a good certificate and TLS 1.2 gets no request.", []string{
		"security_tls", "oktaclient: TestBadTLS",
	}},
	{"Without TLS, requests go to a loopback address only, and so do mails.", []string{
		"runner/notify: TestPlainMailStaysHere",
		"oktaclient: TestPlainHTTPStaysHere", "oktaclient: TestPlainHTTPLooksAgain",
		"oktaclient: TestPlainHTTPTokenEndpoint", "oktaclient: TestNextPageStaysHere",
		"runner/command: TestNameThatLeadsElsewhere",
	}},
	{"A mail server without TLS gets no password, and one without a good certificate no mail either.", []string{
		"runner/notify: TestConnect", "runner/notify: TestMailServerSettings", "notify",
	}},
	{"A mail server's password isn't printed, whatever the server says.", []string{
		"runner/notify: TestConnect", "runner/notify: TestRedactsEchoes", "runner/notify: TestMailServerSettings", "notify", "notify_bad",
	}},
	{"Once an app had to prove that its token is its own, a token without proof is refused.", []string{
		"oktaclient: TestLesserToken", "oktaclient: TestSuccessorTakesNoLesserToken",
		"runner/command: TestLesserTokenEndsTheCommand",
	}},
	{"No reply is read beyond 1 MB (a page: 8 MB, headers: 256 KB), 5,000 entries or `--timeout`.", []string{
		"oktaclient: TestRepliesAreBounded", "oktaclient: TestHeadersAreBounded",
		"oktaclient: TestEndlessRepliesAreCutOff", "oktaclient: TestHostileBytes",
		"oktaclient: TestHostileLists",
	}},
	{"No pages are read in a circle.", []string{
		"oktaclient: TestPagesInACircle",
	}},
	{"No lie about limits or the time makes a run wait for ever, or resets anybody twice.", []string{
		"oktaclient: TestLiesAboutLimits", "oktaclient: TestRefusedForEver",
		"runner/command: TestWrongDates",
	}},
	{"No answer counts that may not be Okta's.", []string{
		"oktaclient: TestPagesOfOthersLeaveChangesInDoubt",
		"oktaclient: TestPagesOfOthersAreNoAnswer", "runner/command: TestPagesOfAStranger",
	}},
	// Texts from outside
	{"Control, direction-changing and invisible characters are spelled out on the terminal, in files and pages.", []string{
		"runner: TestInvisible", "runner: TestPrintableJSON", "runner/table: TestEscape",
		"runner/report: TestHostile", "runner/command: TestPrintable",
		"runner/command: TestHostileCells", "runner/command: TestHostileServerTexts",
	}},
	{"A server's texts are cut: after 2 KB, in errors 500 bytes, in events of the log 8 KB, in `users` 32 KB.", []string{
		"oktaclient: TestTextsOfEveryCallAreBounded", "oktaclient: TestCutAttributes",
		"runner/command: TestLongTextsStaySmall", "runner/steps: TestHostileTextsAreCut",
	}},
	{"No cell of a CSV is a formula, not even after a semicolon.", []string{
		"runner/table: TestEscape", "runner/command: TestHostileServerTexts",
	}},
	{"No text adds a header, a receiver or a line to a mail, and no name is a link in one.", []string{
		"runner/notify: FuzzMail", "runner/notify: TestParseAddress", "runner/notify: TestNameOf",
	}},
	{"No text becomes HTML.", []string{
		"runner/report: TestHostile",
	}},
	{"A page loads and sends nothing.", []string{
		"runner/report: TestPageLoadsNothing", "runner/report: TestBrowserHostile",
	}},
	{"No cell reaches another path, or a user whom it doesn't name in full.", []string{
		"runner/command: TestHostileCells", "oktaclient: TestReservedNamesAreNotSent",
		"runner/steps: TestIdentifyOtherAnswers", "runner/steps: TestAnswerAboutAnotherUser",
	}},
	{"No text is more than one word of a proposed command.", []string{
		"runner/command: TestProposedCommandsAreQuoted", "runner/command: TestProposedPlanIsQuoted",
		"runner/command: TestShellQuote", "runner/console: TestQuotes",
	}},
	{"With `--log-format json` every line of stderr is an object, whatever a server sends.", []string{
		"security_chatty",
	}},
	// Consent
	{"Nothing is changed before it is allowed, for this org and this number of users.", []string{
		"consent", "runner/command: TestConfirmation", "runner/command: TestPromptIsAnsweredExactly",
		"factors_enroll", "factors_unenroll",
	}},
	{"A `--confirm` that is given is checked, on a resume too.", []string{
		"runner/command: TestConfirmIsCheckedOnAResume",
	}},
	{"Nothing that was typed before the question answers it.", []string{
		"consent",
	}},
	{"A recorded consent that others may have written doesn't count.", []string{
		"runner/command: TestRecordedConsentDependsOnTheFolder",
		"runner/command: TestForgedLedgerIsNoConsent",
		"runner/command: TestNoConsentIsRecordedBeforeItIsGiven", "security_files",
	}},
	{"With `--verify`, nobody is reset, and no factor is removed, without Okta's `SUCCESS`, of this user and at most five minutes old.", []string{
		"runner/command: TestVerifiedThenReset", "runner/command: TestVerificationOutlivesTheRun",
		"runner/command: TestVerifiedTooLongAgo", "runner/command: TestEachRemovalNeedsAVerification", "reset_verify",
	}},
	{"A recorded verification that others may have written doesn't count.", []string{
		"runner/command: TestVerificationOutlivesTheRun",
	}},
	{"Nobody is reset who wasn't in the input when it was counted.", []string{
		"runner/command: TestInputIsFrozen", "runner/command: TestPlanIsFrozen",
		"runner/roster: TestRowsOfAChangedFile", "runner/roster: TestRowsOfAChangedCopy",
	}},
	{"A plan is run only as its dry run wrote it.", []string{
		"plan_partial",
	}},
	{"A lost answer leads to a second reset only with proof, or by a consent for just these users.", []string{
		"runner/command: TestRetryUnknownNeedsTheExactNumber",
		"runner/steps: TestResetInDoubtNeedsProof", "runner/command: TestUnknownNeedsADecision",
	}},
	{"No mail is sent twice as long as its record lies beside the results.", []string{
		"notify", "runner/command: TestNotifyFaults", "runner/command: TestNotifyOfLaterResets", "runner/notify: TestRecord",
		"runner/command: TestNotifyShortenedRecord", "runner/command: TestNotifyThroughLink",
	}},
	{"Mails about an org on this machine go to a test server only, and a rehearsal sends none.", []string{
		"notify_bad",
	}},
	// Supply chain
	{"`go.mod` names the Go to build with, to the patch.", []string{
		"runner/repository: TestGoIsNamedToThePatch",
	}},
	{"A known vulnerability fails `make lint`, and so does a database that can't be had.", []string{
		"runner/repository: TestVulnerabilitiesFailLint",
	}},
	{"Each binary comes with its SBOM and the licences of all that is in it.", []string{
		"runner/repository: TestDistIsWhole",
	}},
	{"The sums of all files are signed if the builder has a key.", []string{
		"runner/repository: TestSumsAreSigned",
	}},
	{"The same commit gives the same binary everywhere.", []string{
		"runner/repository: TestSameProgramEverywhere",
	}},
	{"No name in Git becomes a command of the build.", []string{
		".: TestTagRunsNothing",
	}},
	{"The image is made from scratch, for a user without rights.", []string{
		"runner/repository: TestImageIsBare",
	}},
}

// The topic and the tests make the same claims, and each claim has a test that runs.
func TestClaims(t *testing.T) {
	t.Parallel()
	topic, ok := help.Find("security")
	if !ok {
		t.Fatal("there is no topic security")
	}
	var want []string
	for _, c := range claims {
		want = append(want, c.sentence)
	}
	got := claimsOf(topic.Text)
	for _, c := range got {
		if !slices.Contains(want, c) {
			t.Errorf("the topic claims what no test is named for: %s", c)
		}
	}
	for _, c := range want {
		if !slices.Contains(got, c) {
			t.Errorf("the topic doesn't claim, word for word: %s", c)
		}
	}
	if !t.Failed() && !slices.Equal(got, want) {
		t.Error("the topic has the claims in another order, or one of them twice")
	}
	found := make(map[string]testsOf)
	for _, c := range claims {
		sure := 0
		for _, name := range c.tests {
			exists, skips := look(t, found, name)
			switch {
			case !exists:
				t.Errorf("%s: there is no test %s", c.sentence, name)
			case !skips:
				sure++
			}
		}
		if sure == 0 {
			t.Errorf("%s: no test that runs everywhere is named for it", c.sentence)
		}
	}
}

// claimsOf returns the items of the lists before the section on what isn't promised.
func claimsOf(text string) []string {
	var items []string
	for _, b := range help.Parse(text) {
		switch {
		case b.Text == "What is not promised":
			return items
		case b.Kind == help.Item:
			items = append(items, b.Text)
		}
	}
	return nil
}

// testsOf are the tests of a package, and whether each may skip itself.
type testsOf map[string]bool

// look finds a test by its name in a claim.
func look(t *testing.T, found map[string]testsOf, name string) (exists, skips bool) {
	t.Helper()
	folder, function, ok := strings.Cut(name, ": ")
	if !ok {
		text, err := os.ReadFile(filepath.Join("testdata/script", name+".txtar"))
		return err == nil, slices.ContainsFunc(ended.FindAllStringSubmatch(string(text), -1), func(m []string) bool {
			return m[1] != "[windows] " && m[1] != "[!linux] "
		})
	}
	if found[folder] == nil {
		found[folder] = parseTests(t, folder)
	}
	skips, exists = found[folder][function]
	return exists, skips
}

// ended matches the end of a script before its last line, and its conditions.
var ended = regexp.MustCompile(`(?m)^((?:\[[^]]*\] *)*)(?:stop|skip)\b`)

func parseTests(t *testing.T, folder string) testsOf {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s has no tests (%v)", folder, err)
	}
	linux := build.Default
	linux.GOOS = "linux"
	calls := make(map[string][]string) // what each function calls
	for _, path := range paths {
		if ours, err := linux.MatchFile(filepath.Dir(path), filepath.Base(path)); err != nil || !ours {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				calls[f.Name.Name] = callsOf(f)
			}
		}
	}
	tests := make(testsOf)
	for name := range calls {
		if strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") {
			tests[name] = reaches(calls, name, make(map[string]bool))
		}
	}
	return tests
}

// callsOf lists the functions that a function calls, "Skip" for each way in which a test skips
// itself.
func callsOf(f *ast.FuncDecl) []string {
	var names []string
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch called := call.Fun.(type) {
		case *ast.Ident:
			names = append(names, called.Name)
		case *ast.SelectorExpr:
			if name := called.Sel.Name; name == "Skip" || name == "Skipf" || name == "SkipNow" {
				names = append(names, "Skip")
			}
		}
		return true
	})
	return names
}

// reaches reports whether a function may call Skip, directly or indirectly.
func reaches(calls map[string][]string, name string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	return name == "Skip" || slices.ContainsFunc(calls[name], func(called string) bool { return reaches(calls, called, seen) })
}
