package main

import (
	"math"
	"slices"
	"time"
)

// welch is the statistic of Welch's t-test: how far the means of two sets of
// durations lie apart, in units of the error with which they are known.
func welch(a, b []time.Duration) float64 {
	ma, va := meanAndVariance(a)
	mb, vb := meanAndVariance(b)
	e := math.Sqrt(va/float64(len(a)) + vb/float64(len(b)))
	if e == 0 {
		return 0
	}
	return (ma - mb) / e
}

// meanAndVariance are mean and variance, in nanoseconds.
func meanAndVariance(ds []time.Duration) (mean, variance float64) {
	for _, d := range ds {
		mean += float64(d) / float64(len(ds))
	}
	for _, d := range ds {
		variance += (float64(d) - mean) * (float64(d) - mean) / float64(len(ds)-1)
	}
	return mean, variance
}

// leak is the largest |t| of all durations, and of those below each of a hundred
// thresholds: what disturbs a machine makes some answers late and hides small
// differences of the others. The thresholds are those of dudect (Reparaz, Balasch
// and Verbauwhede, "Dude, is my code constant time?", 2017), closer together
// towards the longest; below 4.5 there is no evidence of a difference.
func leak(a, b []time.Duration) float64 {
	all := slices.Concat(a, b)
	slices.Sort(all)
	most := math.Abs(welch(a, b))
	for i := range 100 {
		share := 1 - math.Pow(0.5, 10*float64(i+1)/100)
		limit := all[min(int(share*float64(len(all))), len(all)-1)]
		x, y := below(a, limit), below(b, limit)
		if len(x) < fewest || len(y) < fewest {
			continue
		}
		most = max(most, math.Abs(welch(x, y)))
	}
	return most
}

// fewest is how many durations a threshold must leave on either side to be looked at.
const fewest = 30

func below(ds []time.Duration, limit time.Duration) (out []time.Duration) {
	for _, d := range ds {
		if d < limit {
			out = append(out, d)
		}
	}
	return out
}
