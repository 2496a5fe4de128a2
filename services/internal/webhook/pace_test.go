package webhook

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// However many failures and whatever chance says: waits stay within their bounds
// and only grow, and for as long as nobody gives up there are enough tries.
func TestWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-1, 1<<40).Draw(t, "failures")
		c := rapid.Float64Range(0, 0.999999).Draw(t, "chance")
		w := Wait(n, c)
		if w < firstWait/2 || w > longestWait {
			t.Fatalf("%s after %d", w, n)
		}
		if next := Wait(n+1, c); next < w {
			t.Errorf("%s after %d, then %s", w, n, next)
		}
		if full := Wait(n, 0); w < full/2 || w > full {
			t.Errorf("chance makes %s of %s", w, full)
		}
	})
	var all time.Duration
	tries := 0
	for ; all < GiveUp; tries++ {
		all += Wait(tries+1, 0)
	}
	if tries < 120 || tries > 140 {
		t.Errorf("%d tries before it is given up", tries)
	}
	t.Logf("%d tries in %s", tries, GiveUp)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second, "-1": 0, "soon": 0, "99999999999": 0,
		"1000000":                       24 * time.Hour,
		"Tue, 24 Nov 2026 12:10:00 GMT": 10 * time.Minute,
		"Tue, 24 Nov 2026 11:00:00 GMT": 0,
		"Tue, 24 Nov 2099 11:00:00 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(http.Header{"Retry-After": {v}}, now); got != want {
			t.Errorf("%q: %s, want %s", v, got, want)
		}
	}
}
