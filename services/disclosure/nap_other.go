//go:build !linux

package disclosure

import "time"

// nap sleeps, on whole milliseconds where the operating system has no better.
func nap(d time.Duration) { time.Sleep(d) }
