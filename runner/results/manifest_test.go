package results

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	paths := []struct{ results, want string }{
		{"users.results.csv", "users.results.json"},
		{"a/USERS.CSV", "a/USERS.json"},
		{"out.txt", "out.txt.json"},
		{"out", "out.json"},
	}
	for _, tt := range paths {
		if got := ManifestPath(tt.results); got != tt.want {
			t.Errorf("ManifestPath(%q) = %q, want %q", tt.results, got, tt.want)
		}
	}
	path := filepath.Join(t.TempDir(), "x.csv")
	if _, err := ReadManifest(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadManifest of a missing file = %v, want fs.ErrNotExist", err)
	}
	if err := os.WriteFile(ManifestPath(path), []byte(`{"format":2,"version":"v9"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadManifest(path); err == nil || !strings.Contains(err.Error(), `"v9"`) {
		t.Errorf("ReadManifest of another format = %v, want an error that names the version to use", err)
	}
}
