package intake

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestBombs: what is made to be expensive is refused as fast as anything else. A
// limit of seconds would be none: many of these could come.
func TestBombs(t *testing.T) {
	d := open(t, plain)
	r := rand.New(rand.NewPCG(1, 2))
	for _, h := range harmful {
		if !strings.Contains(h.name, "bomb") {
			continue
		}
		var longest time.Duration
		for range 5 {
			f := sound(r, 1)
			h.do(f, r)
			m := f.message()
			from := time.Now()
			d.read(agencies[0], m)
			longest = max(longest, time.Since(from))
		}
		t.Logf("%s: %v", h.name, longest)
		if longest > 2*time.Second {
			t.Errorf("%s keeps the door busy for %v", h.name, longest)
		}
	}
}
