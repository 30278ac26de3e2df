//go:build unix

package command

import (
	"errors"
	"os"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// Whoever can write beside the input can put results and a manifest there that say what was allowed
// and what is done.

// forge makes the ledger of a run that a consent allowed and that has done nothing yet, and gives
// it to another user.
func (v *virtual) forge(uid int, mode os.FileMode) {
	v.t.Helper()
	v.asker = &person{}
	v.reset("--limit", "1")
	v.asker = nil
	path, manifest := v.path("users.results.csv"), v.path("users.results.json")
	text, err := os.ReadFile(path)
	header, _, _ := strings.Cut(string(text), "\n")
	err = errors.Join(err, os.WriteFile(path, []byte(header+"\n"), 0o600))
	m, readErr := os.ReadFile(manifest)
	forged := strings.NewReplacer(`"finished": true`, `"finished": false`).Replace(string(m))
	err = errors.Join(err, readErr, os.WriteFile(manifest, []byte(forged), 0o600))
	for _, path := range []string{path, manifest} {
		err = errors.Join(err, os.Chmod(path, mode), os.Chown(path, uid, -1))
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

// Files that another user wrote are no consent, and no results, in any folder, with any mode, with
// --confirm or without.
func TestForgedLedgerIsNoConsent(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to other users, and open theirs")
	}
	for _, folder := range []os.FileMode{0o755, 0o777 | os.ModeSticky, 0o777} {
		for _, mode := range []os.FileMode{0o600, 0o644, 0o666} {
			virtually(t, 10, standin.Config{}, func(v *virtual) {
				v.forge(4711, mode)
				if err := os.Chmod(v.dir, folder); err != nil {
					t.Fatal(err)
				}
				before := v.org.Stats().Requests
				for _, flags := range [][]string{
					{"--resume"}, {"--resume", "--allow-empty", "--confirm", "acme.okta.com:0-5"}, {"--resume", confirm(10)}, {"--retry", "failed", confirm(9)},
				} {
					code := v.reset(flags...)
					if code != fault.ExitUsage || !strings.Contains(v.stderr, "belongs to another user (number 4711)") {
						t.Errorf("folder %v, files %v: %q: exit code %d:\n%s", folder, mode, flags, code, v.stderr)
					}
				}
				if now := v.org.Stats().Requests; now != before {
					t.Errorf("folder %v, files %v: %d requests were sent", folder, mode, now-before)
				}
				v.resets(map[int]int{0: 9, 1: 1})
			})
		}
	}
}

// This user's own files are a consent where others can't have put them in place.
func TestRecordedConsentDependsOnTheFolder(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode    os.FileMode
		uid     int
		covered bool
		says    string
	}{
		"of this user":              {mode: 0o755, covered: true},
		"of all, each their own":    {mode: 0o777 | os.ModeSticky, covered: true},
		"of a group":                {mode: 0o775, covered: true, says: "warning: everybody in the group of "},
		"of all":                    {mode: 0o777, says: "can be changed by everybody (mode 0777)"},
		"of another user":           {mode: 0o755, uid: 4711, says: "belongs to another user (number 4711)"},
		"of another user, each own": {mode: 0o777 | os.ModeSticky, uid: 4711, says: "belongs to another user (number 4711)"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.uid != 0 && os.Geteuid() != 0 {
				t.Skip("only root can give folders to other users")
			}
			for _, given := range []string{"nothing", "--confirm", "the number"} {
				virtually(t, 5, standin.Config{}, func(v *virtual) {
					v.reset(confirm(5), "--limit", "2", "--workers", "1")
					if err := errors.Join(os.Chmod(v.dir, tt.mode), os.Chown(v.dir, max(tt.uid, os.Geteuid()), -1)); err != nil {
						t.Fatal(err)
					}
					p := &person{}
					flags := []string{"--resume"}
					switch given {
					case "--confirm":
						flags = append(flags, "--confirm", "acme.okta.com:3")
					case "the number":
						v.asker = p
					}
					code := v.reset(flags...)
					if given == "nothing" && !tt.covered {
						v.refused(code, map[int]int{0: 3, 1: 2}, "the consent of the earlier runs doesn't count, as the folder")
						if !strings.Contains(v.stderr, tt.says) {
							t.Errorf("it isn't said why:\n%s", v.stderr)
						}
						return
					}
					v.want(code, 0, map[string]int{"reset": 5})
					if asked := len(p.asked) > 0; asked != (given == "the number" && !tt.covered) {
						t.Errorf("%s: asked: %v", given, p.asked)
					} else if asked && !strings.Contains(p.asked[0], "number of users (3)") {
						t.Errorf("asked %q", p.asked[0])
					}
					if warned := strings.Count(v.stderr, "warning: everybody in the group of "); warned > 0 != (tt.covered && tt.says != "" && given != "--confirm") || warned > 1 {
						t.Errorf("%s: warned %d times:\n%s", given, warned, v.stderr)
					}
				})
			}
		})
	}
}

// A run that died before anybody had allowed it left no consent.
func TestNoConsentIsRecordedBeforeItIsGiven(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{}, func(v *virtual) {
		v.reset(confirm(5), "--limit", "1")
		manifest := v.path("users.results.json")
		m, err := os.ReadFile(manifest)
		none := strings.Replace(string(m), `"how": "`+results.ConsentConfirm+`"`, `"how": "`+results.ConsentNone+`"`, 1)
		if err = errors.Join(err, os.WriteFile(manifest, []byte(none), 0o600)); err != nil || none == string(m) {
			t.Fatal(err)
		}
		v.refused(v.reset("--resume"), map[int]int{0: 4, 1: 1}, "nobody has allowed this")
		v.want(v.reset("--resume", confirm(4)), 0, map[string]int{"reset": 5})
	})
}
