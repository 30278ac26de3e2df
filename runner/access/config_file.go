package access

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"oktareset/runner/fault"
	"oktareset/runner/files"
)

// localFile may come with a folder that somebody downloaded: an org in it must never get a
// secret from elsewhere.
const localFile = ".okta.yaml"

// configFile is what a configuration file says under okta.client, in the format of Okta's own SDKs.
type configFile struct {
	name   string
	client map[string]string
	shared error // others can write it: why nothing that it names is run; nil: only its owner can
}

// loadFiles reads the configuration files that exist, the one that counts more first.
func (a *Env) loadFiles() ([]configFile, error) {
	paths := []string{localFile}
	if home := a.home(); home != "" {
		paths = append(paths, filepath.Join(home, ".okta", "okta.yaml"))
	}
	var found []configFile
	for _, path := range paths {
		b, shared, err := readConfig(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fault.Usage("", "read the configuration: %w", err)
		}
		f, err := parseConfig(b)
		if err != nil {
			return nil, fault.Usage("it has okta:, below it client:, below that orgUrl: and token:", "read the configuration %s: %w", path, err)
		}
		f.name, f.shared = path, shared
		if err := noCommandHere(f); err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

// readConfig reads a configuration file, which may have come with a downloaded folder. shared is an
// error if others can write it.
func readConfig(path string) (b []byte, shared, err error) {
	rule := files.Rule{Max: files.MaxSecret, Links: true}
	f, err := files.Open(path, rule)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	b, err = files.ReadOpen(f, rule)
	return b, files.Rule{Ours: true, Private: true}.Judge(f), err
}

func (a *Env) home() string {
	if home := a.Getenv("HOME"); home != "" {
		return home
	}
	return a.Getenv("USERPROFILE") // Windows
}

// parseConfig keeps the plain values, and lists of them with spaces between. An error names no
// content: the file holds a secret.
func parseConfig(b []byte) (configFile, error) {
	var doc struct {
		Okta struct {
			Client map[string]any `yaml:"client"`
		} `yaml:"okta"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return configFile{}, errors.New("it isn't YAML of the expected form")
	}
	f := configFile{client: make(map[string]string)}
	for k, v := range doc.Okta.Client {
		if _, text := v.(string); k == tokenCommandName && v != nil && !text {
			return configFile{}, errors.New(tokenCommandName + " isn't a text: write the command in one line")
		}
		switch v := v.(type) {
		case string:
			f.client[k] = v
		case int, bool, float64:
			f.client[k] = fmt.Sprint(v)
		case []any:
			var items []string
			for _, item := range v {
				items = append(items, fmt.Sprint(item))
			}
			f.client[k] = strings.Join(items, " ")
		case map[string]any:
			if host := v["host"]; k == "proxy" && host != nil && host != "" { // refused: what is in it isn't needed
				f.client[k] = "set"
			}
		}
	}
	return f, nil
}
