package help

import (
	"os"
	"strings"
	"testing"
)

// The topic shows the very files that make kubernetes runs.
func TestKubernetesIsWhatRuns(t *testing.T) {
	t.Parallel()
	topic, _ := Find("kubernetes")
	shown := make(map[string][]string)
	for _, b := range Parse(topic.Text) {
		if b.Kind == Code {
			shown[b.Info] = append(shown[b.Info], strings.Join(b.Lines, "\n")+"\n")
		}
	}
	for info, name := range map[string]string{"yaml": "cronjob.yaml", "sh": "cronjobs.sh"} {
		text, err := os.ReadFile("../../../testdata/recipes/kubernetes/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown[info]; len(got) != 1 || got[0] != string(text) {
			t.Errorf("the topic shows %q, %s is\n%s", got, name, text)
		}
	}
}
