package disclosure

import (
	"context"
	"time"
)

// inVain is how long an answer that tells of nobody takes, unless Config says
// otherwise: more than to read and fold what the hub holds about one child.
const inVain = 50 * time.Millisecond

// even returns a whole number of g.Vain after a question was asked. What is hidden
// has to be read and folded before the gate knows that it is to be hidden, and what
// is not there has not; so whoever is told nothing, and whoever searched, is told
// at a moment that does not depend on it. A question that took longer than one turn
// waits for the end of the next.
func (g *Gate) even(ctx context.Context, asked time.Time) {
	if g.Vain <= 0 {
		return
	}
	left := g.Vain - time.Since(asked)%g.Vain
	end := time.Now().Add(left)
	t := time.NewTimer(left - fine)
	defer t.Stop()
	select {
	case <-t.C:
		nap(time.Until(end))
	case <-ctx.Done():
	}
}

// fine is the part of a turn that is left to the operating system's clock. A timer
// of Go's ends on whole milliseconds after the program had nothing to do any more:
// so when it ends tells how long the work took before, to the fraction.
const fine = 2 * time.Millisecond
