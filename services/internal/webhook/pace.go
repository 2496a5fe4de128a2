package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstWait   = 5 * time.Second
	longestWait = time.Hour      // who is back is told of it within an hour
	longestPlea = 24 * time.Hour // that a receiver may ask for with Retry-After

	// GiveUp is after how long of nothing but failures a webhook is disabled, and
	// Enough how many there have to be: a hub that was away must not give up at
	// its first try.
	GiveUp = 5 * 24 * time.Hour
	Enough = 10
)

// Wait is how long to wait after so many failures in a row: twice as long each
// time, and by chance, from 0 up to 1, up to half of it less, so that all that
// failed together does not come back together.
func Wait(failures int, chance float64) time.Duration {
	d := longestWait
	if n := max(failures, 1) - 1; n < 10 {
		d = min(d, firstWait<<n)
	}
	return d - time.Duration(chance*float64(d)/2)
}

// retryAfter is for how long a receiver asks to be left alone: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, longestPlea)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), longestPlea)
	}
	return 0
}
