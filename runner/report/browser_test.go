package report

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
)

// browser is Chromium with one page open. It records what the page must not do.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	requests []string // other than for the page itself
	said     []string // by the console, by exceptions, by the policy
}

// open starts Chromium with an empty profile and opens a page from a server. Without Chromium it
// skips the test. A build machine, which sets CI, must have Chromium.
func open(t *testing.T, page string) *browser {
	t.Helper()
	path := findChromium()
	switch {
	case path == "" && os.Getenv("CI") != "":
		t.Fatal("CI is set, and there is no Chromium: apt-get install chromium")
	case path == "":
		t.Skip("there is no Chromium to open the page in: apt-get install chromium")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // waits for the process, whose profile is removed after it
	b := &browser{t: t, ctx: ctx}
	server := httptest.NewServer(b.serve(page))
	t.Cleanup(server.Close)
	b.do(chromedp.Navigate("about:blank"))
	if err := chromedp.Listen(ctx, b.watch(server.URL+"/")); err != nil {
		t.Fatal(err)
	}
	send(b, network.Enable, network.EnableParams{})
	send(b, runtime.Enable, cdp.Empty{})
	send(b, log.Enable, cdp.Empty{})
	b.do(chromedp.Navigate(server.URL), chromedp.WaitReady("footer"))
	return b
}

func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (b *browser) serve(page string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			b.note(&b.requests, "served "+r.URL.Path)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	}
}

func (b *browser) note(to *[]string, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*to = append(*to, text)
}

// watch notes what a page must not do.
func (b *browser) watch(page string) func(ev any) {
	return func(ev any) {
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			if url := ev.Request.URL; url != page && !strings.HasPrefix(url, "data:") {
				b.note(&b.requests, url)
			}
		case *runtime.EventConsoleAPICalled:
			b.note(&b.said, "console: "+string(ev.Type))
		case *runtime.EventExceptionThrown:
			b.note(&b.said, "exception: "+ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			b.note(&b.said, ev.Entry.Text)
		}
	}
}

// quiet fails the test if the page has asked for anything or made the browser complain.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests)+len(b.said) > 0 {
		b.t.Errorf("requests %q, complaints %q", b.requests, b.said)
	}
}

// do acts as a person would.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// send sends a command of the protocol.
func send[P, R any](b *browser, c cdp.Command[P, R], params P) R {
	b.t.Helper()
	r, err := chromedp.Call(b.ctx, c, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// eval returns the value of a JavaScript expression.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

const (
	attention = `section[aria-labelledby=attention] `
	shownRows = `Array.from(document.querySelectorAll("` + attention + `tbody tr")).filter(r => r.checkVisibility()).map(r => r.cells[0].textContent).join(" ")`
)

// TestBrowser uses a page as a person does, by mouse and by keyboard.
func TestBrowser(t *testing.T) {
	t.Parallel()
	lines := everyStatus()
	lines[6].Record.Error = `</script><img src=x onerror=alert(1)><script src=https://example.invalid/x.js></script>`
	lines = append(lines, line(10, runner.StatusFailed, 4001), line(11, runner.StatusReset, 4002))
	page, _ := write(t, result(), lines)
	b := open(t, page)
	rows := func(want, after string) {
		t.Helper()
		if got := eval[string](b, shownRows); got != want {
			t.Errorf("after %s, the rows are %q, want %q", after, got, want)
		}
	}
	says := func(want string) {
		t.Helper()
		if got := eval[string](b, `document.querySelector("output").textContent`); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	rows("8 3 7 10 6 9 5 4", "opening")
	b.do(chromedp.SendKeys(attention+"input", "USER7 script"))
	rows("7", "searching for two words")
	says("1 of 8 rows")
	b.do(chromedp.SendKeys(attention+"input", " nobody"))
	rows("", "searching in vain")
	says("no row fits")
	b.do(chromedp.Focus(attention+"input"), chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`), chromedp.KeyEvent("u"))
	b.do(chromedp.Focus(attention+"select"), chromedp.KeyEvent("F")) // Failed
	rows("7 10", "choosing a status")
	b.do(chromedp.Click(attention+"th:nth-child(1) button"), chromedp.Click(attention+"th:nth-child(1) button"))
	rows("10 7", "sorting by number, downwards")
	b.do(chromedp.Focus(attention+"th:nth-child(2) button"), chromedp.KeyEvent("\r"))
	rows("7 10", "sorting by user, by keyboard")
	got := eval[string](b, `Array.from(document.querySelectorAll("`+attention+`th"), th => th.getAttribute("aria-sort") || "none").join(" ")`)
	if want := "none ascending none none"; got != want {
		t.Errorf("aria-sort is %s, want %s", got, want)
	}
	b.do(chromedp.Click("details > summary"), chromedp.WaitVisible("details table"))
	if n := eval[int](b, `Array.from(document.querySelectorAll("details tbody tr")).filter(r => r.checkVisibility()).length`); n != len(lines) {
		t.Errorf("%d rows behind the fold, want %d", n, len(lines))
	}
	b.do(chromedp.Focus(".skip"), chromedp.KeyEvent("\r"))
	if id := eval[string](b, `document.activeElement.id`); id != "attention" {
		t.Errorf("the skip link leads to %q", id)
	}
	b.quiet()
}

// TestBrowserHostile opens a page of files whose texts try to be more than text.
func TestBrowserHostile(t *testing.T) {
	t.Parallel()
	const evil = `</script></style><img src=x onerror=alert(1)><svg/onload=alert(2)><a href=//example.invalid>` + "\u202e"
	page, _ := write(t, poisoned(evil+strings.Repeat("A", 10_000)), []Line{poisonedLine(evil), poisonedLine(strings.Repeat("A", 10_000))})
	b := open(t, page)
	for _, width := range []int64{390, 820, 1440} {
		b.do(chromedp.EmulateViewport(width, 900))
		if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d pixels the page is %d too wide", width, over)
		}
	}
	if n := eval[int](b, `document.querySelectorAll("img, a:not([href^='#']), script:not(body > script)").length`); n > 0 {
		t.Errorf("%d elements came from the files", n)
	}
	b.quiet()
}

// TestBrowserPaper prints a plan. Each person is on the paper once, and no page break separates
// what belongs together.
func TestBrowserPaper(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows, listed int
		says         string
	}{{MaxPrinted, MaxPrinted, ""}, {MaxPrinted + 1, 0, "They are too many for this paper. The list is the file users.plan.csv"}} {
		var lines []Line
		for i := range c.rows {
			lines = append(lines, line(i+1, runner.StatusWouldReset, 0))
		}
		page, _ := write(t, plan(), append(lines, line(c.rows+1, runner.StatusNotFound, 1)))
		b := open(t, page)
		send(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		const shown = `(all) => Array.from(document.querySelectorAll(all)).filter(e => e.checkVisibility())`
		if n := eval[int](b, `(`+shown+`)("ol.names li").length`); n != c.listed {
			t.Errorf("%d of %d people are on the paper, want %d", n, c.rows, c.listed)
		}
		if n := eval[int](b, `(`+shown+`)("table.who, .controls").length`); n > 0 {
			t.Errorf("%d things for the screen are on the paper", n)
		}
		if text := eval[string](b, `document.body.innerText`); !strings.Contains(text, c.says) || !strings.Contains(text, "Signature") {
			t.Errorf("the paper of %d people doesn't say %q, or has no line to sign", c.rows, c.says)
		}
		const broken = `("section:not(.long), dl, tr, figure").filter(e => getComputedStyle(e).breakInside !== "avoid").length`
		if n := eval[int](b, `(`+shown+`)`+broken); n > 0 {
			t.Errorf("%d parts can be broken apart", n)
		}
		if columns := eval[string](b, `getComputedStyle(document.querySelector("ol.names") || document.body).columnCount`); c.listed > 0 && columns != "3" {
			t.Errorf("the people are in %s columns, want 3", columns)
		}
		b.quiet()
	}
}

// TestBrowserReads compares the page with what eyes and a screen reader need, at three widths,
// light, dark and printed.
func TestBrowserReads(t *testing.T) {
	t.Parallel()
	changed := result()
	changed.Condition, changed.Sandbox = Changed, true
	page, _ := write(t, changed, everyStatus())
	b := open(t, page)
	for _, media := range []emulation.SetEmulatedMediaParams{
		{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}},
		{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}},
		{Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}},
	} {
		send(b, emulation.SetEmulatedMedia, media)
		for _, width := range []int64{390, 820, 1440} {
			where := media.Media + " " + media.Features[0].Value
			b.do(chromedp.EmulateViewport(width, 900))
			if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("at %d pixels, %s, the page is %d too wide", width, where, over)
			}
			if low := eval[string](b, lowContrast); low != "" {
				t.Errorf("at %d pixels, %s, the contrast is below 4.5: %s", width, where, low)
			}
			got := tables(b)
			want := map[string]int{"table": 4, "rowheader": 13, "columnheader": 15}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("at %d pixels, %s, a screen reader finds: %s", width, where, diff)
			}
		}
	}
	// Not every browser treats a table as one if the styles lay it out otherwise.
	if bare := eval[int](b, `document.querySelectorAll(".stack:not([role]), .stack :is(thead, tbody, tr, th, td):not([role])").length`); bare > 0 {
		t.Errorf("%d parts of tables have no role", bare)
	}
	b.quiet()
}

// tables counts the parts of tables that a screen reader gets.
func tables(b *browser) map[string]int {
	b.t.Helper()
	found := map[string]int{"table": 0, "columnheader": 0, "rowheader": 0}
	for _, n := range send(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if n.Role == nil || n.Ignored {
			continue
		}
		role := strings.Trim(string(n.Role.Value), `"`)
		if _, ok := found[role]; ok {
			found[role]++
		}
	}
	return found
}

// lowContrast lists texts whose WCAG contrast with what is behind them is below 4.5.
const lowContrast = `(() => {
	const rgb = (s) => s.match(/[\d.]+/g).map(Number);
	const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
		return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
	const low = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
		if (!text || !e.checkVisibility() || e.closest("script")) continue;
		const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
		if ((a + 0.05) / (b + 0.05) < 4.5) low.push(text.slice(0, 30));
	}
	return low.join("; ");
})()`
