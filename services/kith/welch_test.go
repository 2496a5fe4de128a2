package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// busyAnswers are as long as those of a busy machine: most about a millisecond, one in
// fifty far later. more is added to each.
func busyAnswers(rnd *rand.Rand, n int, more time.Duration) (ds []time.Duration) {
	for range n {
		ms := 1 + 0.1*rnd.NormFloat64()
		if rnd.IntN(50) == 0 {
			ms += 30 * rnd.ExpFloat64()
		}
		ds = append(ds, time.Duration(ms*float64(time.Millisecond))+more)
	}
	return ds
}

// The harness finds twenty microseconds that one side takes longer, in the noise
// of a busy machine, which the plain mean does not show; and finds nothing where
// there is nothing.
func TestLeakIsFound(t *testing.T) {
	found, alarms, plain := 0, 0, 0
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		a, b := busyAnswers(rnd, 10_000, 0), busyAnswers(rnd, 10_000, 0)
		if leak(a, b) >= 4.5 {
			alarms++
		}
		b = busyAnswers(rnd, 10_000, 20*time.Microsecond)
		if leak(a, b) >= 4.5 {
			found++
		}
		if math.Abs(welch(a, b)) >= 4.5 {
			plain++
		}
	}
	t.Logf("20 µs more on one side: found in %d of 50 runs of 20,000, by the plain mean in %d; false alarms in %d of 50", found, plain, alarms)
	if found != 50 || alarms != 0 {
		t.Errorf("%d found, %d false alarms", found, alarms)
	}
}

// Against figures worked out elsewhere.
func TestWelch(t *testing.T) {
	a := []time.Duration{27, 21, 24, 22, 25}
	b := []time.Duration{31, 28, 33, 27, 30, 29}
	if got := welch(a, b); math.Abs(got+4.23635) > 0.0001 {
		t.Errorf("t = %v", got)
	}
}
