package bus

import (
	"testing"
	"time"

	"kith/events"
)

func TestQuota(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	q := NewQuota(Limit{EventsPerSecond: 10, BytesPerSecond: 1000}, ByRequest, now)
	take := func(events, bytes int, want bool) Standing {
		t.Helper()
		s, ok := q.Take(events, bytes)
		if ok != want || ok != (s.Wait == 0) || s.Limit != 20 || s.Left < 0 {
			t.Errorf("taken %v, %+v", ok, s)
		}
		return s
	}
	if s := take(12, 10, true); s.Left != 8 {
		t.Errorf("%d left", s.Left)
	}
	take(500, 10, true) // more than there is: let through, and paid for
	s := take(1, 1, false)
	if s.Wait < 49*time.Second || s.Wait > 50*time.Second {
		t.Errorf("wait %v", s.Wait)
	}
	at = at.Add(s.Wait)
	take(1, 1, true)
	take(1, 1, false)
	at = at.Add(time.Hour)
	if s := take(1, 1, true); s.Left != 19 { // an hour of silence saves no more than two seconds
		t.Errorf("%d left", s.Left)
	}
	take(1, 2_500, true) // many bytes are as good as many events
	if s := take(1, 1, false); s.Wait > time.Second {
		t.Errorf("wait %v", s.Wait)
	}
	at = at.Add(time.Second)
	take(1, 1, true)
	if _, ok := (*Quota)(nil).Take(1e9, 1e9); !ok || NewQuota(Limit{}, ByRequest, now) != nil {
		t.Error("no limit limits")
	}
}

// Over NATS who kept silent begins at the pace that was agreed, but for a few.
func TestQuotaOfAStream(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	q := NewQuota(Limit{EventsPerSecond: 200}, fromStream, func() time.Time { return at })
	at = at.Add(time.Hour)
	for range 10 {
		if _, ok := q.Take(1, 100); !ok {
			t.Fatal("ten at once are not taken")
		}
	}
	if s, ok := q.Take(1, 100); ok || s.Wait > 6*time.Millisecond {
		t.Errorf("the eleventh is taken: %v, %v", ok, s.Wait)
	}
	slow := NewQuota(Limit{EventsPerSecond: 1}, fromStream, func() time.Time { return at })
	if _, ok := slow.Take(1, 100); !ok {
		t.Error("a small quota lets nothing through")
	}
}

// No message that was fetched may lie for so long that it is handed out again.
func TestFetched(t *testing.T) {
	for _, l := range []Limit{{}, {EventsPerSecond: 1}, {EventsPerSecond: 1000}, {BytesPerSecond: 1 << 20}, {EventsPerSecond: 3, BytesPerSecond: 64 << 20}} {
		n := fetched(l)
		if n < 1 || n > 2*inFlight {
			t.Errorf("%+v: %d", l, n)
		}
		if l.EventsPerSecond > 0 && time.Duration(n/l.EventsPerSecond)*time.Second > ackWait/2 ||
			l.BytesPerSecond > 0 && time.Duration(n*largestMessage/l.BytesPerSecond)*time.Second > ackWait/2 {
			t.Errorf("%+v: %d messages would come again", l, n)
		}
	}
}

func TestLimits(t *testing.T) {
	l := Limits{Each: Limit{EventsPerSecond: 5, BytesPerSecond: 6, MaxEventBytes: 7}}
	l.Of = map[events.AgencyID]Limit{"a": {EventsPerSecond: 1}}
	if got := l.For("a"); got != (Limit{1, 6, 7}) {
		t.Errorf("%+v", got)
	}
	if got := l.For("b"); got != l.Each {
		t.Errorf("%+v", got)
	}
}
