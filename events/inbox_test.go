package events

import (
	"math"
	"testing"
)

// A mark is read back as it was written, one of each kind is passed by itself, and
// what is no mark is not taken for one.
func TestInboxMark(t *testing.T) {
	for _, m := range []InboxMark{{}, {Seq: 7}, {Position: 4711}, {Seq: 7, Position: 4711}, {Seq: math.MaxInt64, Position: math.MaxInt64}} {
		if got, err := ParseInboxMark(m.String()); got != m || err != nil {
			t.Errorf("%s is read as %+v, %v", m, got, err)
		}
	}
	m := InboxMark{Seq: 7, Position: 9}
	for _, tc := range []struct {
		past Told
		want string
	}{{Told{Seq: 8, Position: 30}, "8.9"}, {Told{Position: 30, Digest: "d"}, "7.30"}, {Told{Seq: 3}, "7.9"}, {Told{Position: 3, Digest: "d"}, "7.9"}} {
		if got := m.Past(tc.past).String(); got != tc.want {
			t.Errorf("past %+v: %s, want %s", tc.past, got, tc.want)
		}
	}
	for _, s := range []string{"x", "-1", "7.", ".7", "7.x", "7.-1", "7.7.7", " 7", "9223372036854775808", "1.9223372036854775808"} {
		if m, err := ParseInboxMark(s); err == nil {
			t.Errorf("%q is taken for %+v", s, m)
		}
	}
}
