package browsertest

import (
	_ "embed" // for axe.min.js
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// axe-core 4.14.1, Mozilla Public License 2.0; see testdata/axe/LICENSE.txt.
//
//go:embed testdata/axe/axe.min.js
var axe string

// rules are those of WCAG 2.2 A and AA, and what axe recommends beside.
const rules = `{runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, resultTypes: ["violations", "incomplete"]}`

// finding is one rule that axe says is broken, or that it could not decide on.
type finding struct {
	ID     string
	Impact string
	Nodes  []struct {
		HTML           string
		FailureSummary string
	}
}

// Axe looks for barriers on the page. Any violation fails the test, and so does
// what axe could not decide on, except the contrast of colours: text over a
// drawing it cannot see, and TestColoursContrast reckons it.
func (b *Browser) Axe() {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](axe))
	raw := Eval[string](b, `axe.run(document, `+rules+`).then(r => JSON.stringify({
		violations: r.violations, incomplete: r.incomplete, passes: r.passes.length}))`)
	var found struct {
		Violations, Incomplete []finding
		Passes                 int
	}
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.t.Fatal(err)
	}
	undecided := slices.DeleteFunc(found.Incomplete, func(f finding) bool { return f.ID == "color-contrast" })
	for _, f := range append(found.Violations, undecided...) {
		b.t.Errorf("axe: %s (%s) on %s", f.ID, f.Impact, b.now())
		for _, n := range f.Nodes {
			b.t.Errorf("  %s\n  %s", n.HTML, n.FailureSummary)
		}
	}
	if found.Passes < 10 {
		b.t.Errorf("axe tried only %d rules", found.Passes)
	}
}

// SignIn takes a persona of the demonstration at the sign-in page under an address.
func (b *Browser) SignIn(url, persona string) {
	b.t.Helper()
	b.Open(url + "/sign-in")
	b.Press(`button[value="` + persona + `"]`)
}

// SignOut ends the session.
func (b *Browser) SignOut() { b.t.Helper(); b.Press(".kith-header__out") }

// WaitFor waits until an expression on the page is true.
func (b *Browser) WaitFor(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !Eval[bool](b, expression); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("it never became true: %s\non the page: %s", expression, b.now())
		}
	}
}

// Picture writes what the whole page looks like to a PNG file, if the environment
// variable KITH_PICTURES names a folder.
func (b *Browser) Picture(name string) {
	b.t.Helper()
	dir := os.Getenv("KITH_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(fmt.Sprintf("%s/%s.png", strings.TrimSuffix(dir, "/"), name), png, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// Print is the page as a tagged PDF on A4.
func (b *Browser) Print() []byte {
	b.t.Helper()
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFOutlineAndTagged(), chromedp.PDFPaper(chromedp.PaperA4)))
	if err != nil {
		b.t.Fatal(err)
	}
	return pdf
}

// Narrow makes the window as wide as a telephone, or 1280 at 400 %.
func (b *Browser) Narrow() { b.t.Helper(); b.do(chromedp.EmulateViewport(320, 800)) }

// Wide makes the window as wide as it was.
func (b *Browser) Wide() { b.t.Helper(); b.do(chromedp.EmulateViewport(1280, 1000)) }
