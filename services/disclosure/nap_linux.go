package disclosure

import (
	"syscall"
	"time"
)

// nap sleeps by the clock of the operating system, to some 50 microseconds.
func nap(d time.Duration) {
	if d <= 0 {
		return
	}
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil) // woken by a signal, it is up to fine early
}
