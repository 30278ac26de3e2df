package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
)

// at adds rows that finished at these seconds after began.
func at(seconds ...int) *timeline {
	t := newTimeline()
	for _, s := range seconds {
		t.add(began.Add(time.Duration(s)*time.Second), true)
	}
	return t
}

func TestGaps(t *testing.T) {
	t.Parallel()
	from := began.Unix()
	for _, c := range []struct {
		name    string
		seconds []int
		want    [][]gap // of each stretch
	}{
		{"none", nil, nil},
		{"one row", []int{7}, [][]gap{nil}},
		{"a pause too short to tell", []int{0, 5}, [][]gap{nil}},
		{"the shortest gap", []int{0, 6}, [][]gap{{{from: from + 1, to: from + 6}}}},
		{"a hold, rows out of order", []int{60, 0, 1, 61}, [][]gap{{{from: from + 2, to: from + 60}}}},
		{"an outage that was waited out", []int{0, 900}, [][]gap{{{from: from + 1, to: from + 900}}}},
		{"a resume later", []int{0, 901}, [][]gap{nil, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got [][]gap
			for _, s := range at(c.seconds...).stretches() {
				got = append(got, s.gaps(nil))
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(gap{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// However long the run and however many rows: bounded, and no row is lost.
func TestTimelineBounded(t *testing.T) {
	t.Parallel()
	tl := newTimeline()
	const rows = 4*maxPulses + 1
	for i := range rows {
		tl.add(began.Add(time.Duration(i)*time.Second), i%3 > 0)
	}
	tl.add(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), false)
	tl.add(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false)
	if len(tl.pulses) > maxPulses {
		t.Errorf("%d pulses, at most %d are wanted", len(tl.pulses), maxPulses)
	}
	counted, all := 0, tl.stretches()
	for i := range all {
		counted += all[i].rows()
	}
	if counted != rows+2 {
		t.Errorf("%d rows, want %d", counted, rows+2)
	}
	drawn, left := charts(all, "reset", nil)
	if len(drawn)+left != len(all) || len(drawn) != 3 {
		t.Errorf("%d charts and %d left out of %d", len(drawn), left, len(all))
	}
	for _, c := range drawn {
		if n := strings.Count(c.Done, "M"); n > maxBins+quarters {
			t.Errorf("a chart has %d bars", n)
		}
	}
}

func TestChartsCut(t *testing.T) {
	t.Parallel()
	var seconds []int
	for i := range maxCharts + 2 {
		for j := range i + 1 { // the first two have the fewest rows
			seconds = append(seconds, i*100_000+j)
		}
	}
	drawn, left := charts(at(seconds...).stretches(), "reset", nil)
	if len(drawn) != maxCharts || left != 2 || !strings.HasPrefix(drawn[0].Text, "3 rows") {
		t.Errorf("%d charts, %d left out, the first is %q", len(drawn), left, drawn[0].Text)
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	tl := at(0, 0, 20)
	tl.add(began.Add(20*time.Second), false)
	drawn, _ := charts(tl.stretches(), "reset", nil)
	want := chart{
		Title: "2026-03-04 10:22:31 UTC, 21 s",
		Text:  "4 rows finished in 21 s, of which 3 reset; at most 2 rows in 1 s; 1 gap of at least 5 s without a finished row.",
		Done:  "M0.0 100v-100.0h35.2v100.0zM800.0 100v-50.0h35.2v50.0z", Other: "M800.0 100v-100.0h35.2v100.0z",
		Gaps: []box{{"40.0", "760.0", "gap"}}, Ticks: []string{"10:22:31", "10:22:37", "10:22:43", "10:22:49", "10:22:55"}, Peak: "2 rows", Bin: "1 s",
	}
	if diff := cmp.Diff([]chart{want}, drawn); diff != "" {
		t.Error(diff)
	}
}

// A run that waited for proof of lost answers isn't taken for one that stood still.
func TestProofIsLabelled(t *testing.T) {
	t.Parallel()
	s := result()
	s.Runs[0].Proof = []Wait{{began.Add(3 * time.Second), began.Add(58 * time.Second)}}
	for _, c := range []struct {
		name  string
		after []float64
		want  []string // classes of the gaps
	}{
		{"a wait for proof", []float64{0, 1, 59, 60}, []string{"proof"}},
		{"and a hold", []float64{0, 1, 59, 90}, []string{"proof", "gap"}},
		{"a hold afterwards", []float64{58, 90}, []string{"gap"}},
	} {
		var lines []Line
		for i, after := range c.after {
			lines = append(lines, line(i+1, runner.StatusReset, after))
		}
		page, _ := write(t, s, lines)
		var got []string
		for _, m := range regexp.MustCompile(`<rect class="(gap|proof)"`).FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		for class, label := range map[string]string{"proof": "waiting for proof of lost answers</span>", "gap": "no row finished for 5 s or more</span>"} {
			if strings.Contains(page, label) != slices.Contains(c.want, class) {
				t.Errorf("%s: the legend doesn't say %q when it should, or does when it shouldn't", c.name, label)
			}
		}
		if !strings.Contains(page, "waited 55 s for proof of lost answers") {
			t.Errorf("%s: the run doesn't say how long it waited for proof", c.name)
		}
	}
}
