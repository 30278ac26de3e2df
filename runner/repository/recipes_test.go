package repository

import (
	"os"
	"slices"
	"strings"
	"testing"

	"oktareset/runner/command/help"
)

// recipe is a file in testdata/recipes that a topic shows, and that another test, or a target of
// make, runs.
type recipe struct{ topic, file string }

var recipes = []recipe{
	{"jobs", "systemd/oktareset.service"},
	{"jobs", "systemd/oktareset.timer"},
	{"jobs", "systemd/oktareset-resume.service"},
	{"jobs", "cron/crontab"},
	{"jobs", "cron/reset-leavers"},
	{"jobs", "container/run"},
	{"jobs", "night/reset-all"},
	{"actions", "actions/reset.yaml"},
}

func (r recipe) read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/recipes/" + r.file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A topic shows a recipe as it was run, to the last character.
func TestTopicsShowTheRecipes(t *testing.T) {
	t.Parallel()
	for _, r := range recipes {
		topic, ok := help.Find(r.topic)
		if !ok {
			t.Fatalf("there is no topic %s", r.topic)
		}
		text := r.read(t)
		if !slices.ContainsFunc(help.Parse(topic.Text), func(b help.Block) bool { return b.Kind == help.Code && strings.Join(b.Lines, "\n")+"\n" == text }) {
			t.Errorf("the topic %s doesn't show %s as it is", r.topic, r.file)
		}
	}
}
