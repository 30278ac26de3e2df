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

// localFile may come with a downloaded folder: an org in it must never get a secret from
// elsewhere.
const localFile = ".okta.yaml"

// configFile is the part of a configuration file under okta.client, in the format of Okta's own
// SDKs.
type configFile struct {
	name   string
	client map[string]string
	// set if others can write the file: why no command in it is run; nil: only its owner can
	shared error
}

// loadFiles reads the existing configuration files, in order of precedence.
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

// readConfig reads a configuration file, which may have come with a downloaded folder. shared is
// an error if others can write the file.
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

// parseConfig keeps the plain values, and lists of them joined with spaces. An error names no
// content: the file contains a secret.
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
			// A proxy in this file is refused: its details aren't needed.
			if host := v["host"]; k == "proxy" && host != nil && host != "" {
				f.client[k] = "set"
			}
		}
	}
	return f, nil
}
