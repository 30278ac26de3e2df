package repository

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeNfpm writes the files of a package into an archive, and its description beside them.
const fakeNfpm = `#!/bin/bash
set -euo pipefail
[[ "$*" == "package --config .ci/nfpm.yaml --packager "* ]]
tar cf "${@: -1}" -C "$PACKAGE_ROOT" .
echo "$PACKAGE_VERSION $GOARCH $MAINTAINER $SOURCE_DATE_EPOCH" >"${@: -1}.said"
`

// pack makes packages, by somebody whose umask keeps everybody out.
func (h *house) pack(settings ...string) {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), "sh", append([]string{"-c", `umask 077; exec make dist PLATFORMS=linux/arm64 "$@"`, "sh"}, settings...)...)
	cmd.Dir, cmd.Env = h.dir, h.env
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
}

func (h *house) read(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(h.path(name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// A package has the program, its manual page, completions, recipes, texts and licences, where
// Linux looks for them. Everybody may read them and nobody may change them, whatever the builder's
// umask. Their time is that of the commit.
func TestPackagesAreWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.pack("SOURCE_DATE_EPOCH=86399")
	for kind, zsh := range map[string]string{"deb": "vendor-completions", "rpm": "site-functions"} {
		const doc = "usr/share/doc/oktareset/"
		want := map[string]string{
			"usr/bin/oktareset": "linux arm64\n", "usr/share/man/man1/oktareset.1.gz": "",
			"usr/share/bash-completion/completions/oktareset": "completion bash\n", "usr/share/zsh/" + zsh + "/_oktareset": "completion zsh\n",
			"usr/share/fish/vendor_completions.d/oktareset.fish": "completion fish\n",
			doc + "README.md": h.read("dist/README.md"), doc + "users.csv": h.read("testdata/users.csv"), doc + "help/topic.md": "# topic", doc + "copyright": h.read(".ci/copyright"),
			doc + "licences/go/LICENSE": "MIT", doc + "licences/example.com/one@v1/LICENSE": "MIT",
			doc + "licences/example.com/two@v2/COPYING.md": "BSD", doc + "licences/example.com/two@v2/NOTICE": "by them",
		}
		for _, name := range buildFiles {
			if recipe, ok := strings.CutPrefix(name, "testdata/recipes/"); ok {
				want[doc+"examples/"+recipe] = h.read(name)
			}
		}
		files := tar.NewReader(bytes.NewReader([]byte(h.read("dist/oktareset-linux-arm64." + kind))))
		for {
			f, err := files.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			mode := int64(0o644)
			if f.Typeflag == tar.TypeDir || strings.HasPrefix(f.Name, "./usr/bin/") {
				mode = 0o755
			}
			if f.Mode != mode || !f.ModTime.Equal(time.Unix(86399, 0)) {
				t.Errorf("%s: %s has mode %o, want %o, and time %v", kind, f.Name, f.Mode, mode, f.ModTime)
			}
			if f.Typeflag == tar.TypeDir {
				continue
			}
			name := strings.TrimPrefix(f.Name, "./")
			text, err := io.ReadAll(files)
			if wanted, ok := want[name]; !ok || err != nil || wanted != "" && wanted != string(text) {
				t.Errorf("%s: %s is %q, %v, want %q", kind, name, text, err, wanted)
			}
			delete(want, name)
		}
		for name := range want {
			t.Errorf("%s: %s is missing", kind, name)
		}
	}
}

// The versions of packages sort as the commits do: a candidate before its tag, later commits after
// it, and a commit without a tag before any.
func TestPackageVersions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for version, want := range map[string]string{
		"v1.2.0": "1.2.0", "1.2.0": "1.2.0", "v1.2.0-rc.1": "1.2.0~rc.1", "v1.2.0-5-gabc1234": "1.2.0+5.gabc1234",
		"v1.2.0-rc1-5-gabc-dirty": "1.2.0~rc1+5.gabc+dirty", "v1.2.0-dirty": "1.2.0+dirty", "0123456789ab": "0+0123456789ab", "bb72196-dirty": "0+bb72196+dirty",
		"nightly_2": "0+nightly.2", "": "0+unknown",
	} {
		h.pack("VERSION="+version, "MAINTAINER=Jane <jane@example.com>", "SOURCE_DATE_EPOCH=1")
		if got := h.read("dist/oktareset-linux-arm64.deb.said"); got != want+" arm64 Jane <jane@example.com> 1\n" {
			t.Errorf("version %q: the package says %q, want %q", version, got, want)
		}
	}
	h.pack("SOURCE_DATE_EPOCH=1")
	if got := h.read("dist/oktareset-linux-arm64.deb.said"); !strings.HasSuffix(got, " Unset <unset@localhost> 1\n") {
		t.Errorf("without a maintainer: %q", got)
	}
}

// A key signs the sums, and they name every file.
func TestSumsAreSigned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("bin/ssh-keygen", "#!/bin/sh\necho \"$@\" >\"$CALLS.signed\"\n")
	h.pack("SIGNING_KEY=")
	if _, err := os.Stat(h.path("calls.signed")); err == nil {
		t.Error("signed without a key")
	}
	h.pack("SIGNING_KEY=/keys/it's mine")
	if got := h.read("calls.signed"); got != "-Y sign -f /keys/it's mine -n file dist/SHA256SUMS\n" {
		t.Errorf("signed by ssh-keygen %s", got)
	}
	var names, want []string
	for line := range strings.Lines(h.read("dist/SHA256SUMS")) {
		names = append(names, strings.TrimSpace(line[64:]))
	}
	err := fs.WalkDir(os.DirFS(h.path("dist")), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path != "SHA256SUMS" {
			want = append(want, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the sums name %q, want %q", names, want)
	}
}
