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

// localFile may come with a folder that somebody downloaded: an org in it must never get a secret from elsewhere.
const localFile = ".okta.yaml"

// configFile is what a configuration file says under okta.client, in the format of Okta's own SDKs.
type configFile struct {
	name   string
	client map[string]string
}

// loadFiles reads the configuration files that exist, the one that counts more first.
func (a *Env) loadFiles() ([]configFile, error) {
	paths := []string{localFile}
	if home := a.home(); home != "" {
		paths = append(paths, filepath.Join(home, ".okta", "okta.yaml"))
	}
	var found []configFile
	for _, path := range paths {
		// It may have come with a downloaded folder.
		b, err := files.Read(path, files.Rule{Max: files.MaxSecret, Links: true})
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
		f.name = path
		found = append(found, f)
	}
	return found, nil
}

func (a *Env) home() string {
	if home := a.Getenv("HOME"); home != "" {
		return home
	}
	return a.Getenv("USERPROFILE") // Windows
}

// parseConfig keeps the plain values, and lists of them with spaces between. An error names no content: the file holds a secret.
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
