// Package browsertest drives a real Chromium, for tests of pages and of nothing
// else. No part of the program imports it.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Require is the environment variable that makes a missing browser a failure.
const Require = "KITH_REQUIRE_BROWSER"

// patience is how long a page may take to become what a test waits for.
const patience = 30 * time.Second

// Browser is one tab. Whatever does not work out fails the test at once.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Start opens a browser, closed when the test ends. On a machine without one the
// test is skipped, and says how to install it; with KITH_REQUIRE_BROWSER=1 it
// fails. A page that breaks its own content security policy, or whose script
// fails, fails the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(find(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"), chromedp.WindowSize(1280, 1000))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &Browser{t, ctx}
	// A timeout of ctx would end the browser later on; this one ends only the wait.
	late := time.AfterFunc(2*patience, cancel)
	if err := chromedp.Do(ctx); err != nil || !late.Stop() {
		t.Fatalf("start the browser: %v", err)
	}
	b.complainOf()
	return b
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const how = "NO BROWSER: the pages were not tried. Install one (Debian: apt-get install chromium) and run again."
	if os.Getenv(Require) == "1" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

// complainOf fails the test for what the browser itself reports as an error.
func (b *Browser) complainOf() {
	entries := chromedp.Events(b.ctx, log.EntryAdded)
	if _, err := chromedp.Call(b.ctx, log.Enable, cdp.Empty{}); err != nil {
		b.t.Fatalf("listen to the browser: %v", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e, err := range entries {
			if err != nil {
				return
			}
			// a status that a test asked for is no fault of the page
			if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
				b.t.Errorf("the browser reports: %s", e.Entry.Text)
			}
		}
	}()
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		defer cancel()
		_ = chromedp.Cancel(ctx) // a browser that somebody killed does not answer
		select {
		case <-done:
		case <-time.After(patience):
			b.t.Error("the browser did not end")
		}
	})
}

// do runs steps one after the other, each within patience.
func (b *Browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\non the page: %s", err, b.now())
	}
}

// now is what the page says, shortened, for a message.
func (b *Browser) now() string {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + " " + document.body.innerText.replace(/\s+/g, " ").slice(0, 400)`))
	return text
}

// Open goes to an address and waits until it is loaded.
func (b *Browser) Open(url string) { b.t.Helper(); b.do(chromedp.Navigate(url)) }

// Press clicks what fits and waits for the page that follows.
func (b *Browser) Press(css string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(css)))); err != nil {
		b.t.Fatalf("press %s: %v\non the page: %s", css, err, b.now())
	}
}

// Click clicks what fits; no other page follows.
func (b *Browser) Click(css string) { b.t.Helper(); b.do(chromedp.Click(chromedp.CSS(css))) }

// Fill gives a field its value.
func (b *Browser) Fill(css, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(css), value))
}

// Wait waits until something that fits can be seen.
func (b *Browser) Wait(css string) { b.t.Helper(); b.do(chromedp.WaitVisible(chromedp.CSS(css))) }

// Text is what the first element that fits says.
func (b *Browser) Text(css string) string {
	b.t.Helper()
	b.do(chromedp.WaitReady(chromedp.CSS(css)))
	return strings.TrimSpace(Eval[string](b, `document.querySelector(`+quote(css)+`).innerText`))
}

// Eval is the value of an expression on the page.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("on the page: %v", err)
	}
	return v
}

func quote(s string) string { return "`" + strings.ReplaceAll(s, "`", "\\`") + "`" }
