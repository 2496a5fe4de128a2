package bus

import (
	"context"
	"sync"
	"time"

	"kith/events"
)

// Limit is how much of one agency is taken at a time. A zero leaves that side open.
type Limit struct {
	EventsPerSecond int `json:"eventsPerSecond"`
	BytesPerSecond  int `json:"bytesPerSecond"`
	MaxEventBytes   int `json:"maxEventBytes"` // of one event; what is larger is refused
}

// or fills in what l leaves open.
func (l Limit) or(other Limit) Limit {
	if l.EventsPerSecond == 0 {
		l.EventsPerSecond = other.EventsPerSecond
	}
	if l.BytesPerSecond == 0 {
		l.BytesPerSecond = other.BytesPerSecond
	}
	if l.MaxEventBytes == 0 {
		l.MaxEventBytes = other.MaxEventBytes
	}
	return l
}

// Limits says how much is taken of each agency.
type Limits struct {
	Each Limit                     `json:"each"` // of every agency,
	Of   map[events.AgencyID]Limit `json:"of"`   // unless something else is said of it
}

// For is the limit of one agency.
func (l Limits) For(a events.AgencyID) Limit { return l.Of[a].or(l.Each) }

// Whoever kept silent may send so much at once. By request it is what a batch
// needs. From a stream, where what is too fast only waits, it is no more than
// is handled before anybody else would notice.
const (
	ByRequest  = 2 * time.Second
	fromStream = 50 * time.Millisecond
)

// Quota counts what one agency sends against its limit. Who kept silent for a
// while may send a burst at once; who was let through pays afterwards, so that
// a batch that is larger than the quota is late, not impossible. Any number may
// use it at the same time; nil lets everything through.
type Quota struct {
	mu      sync.Mutex
	now     func() time.Time
	burst   time.Duration
	buckets [2]bucket // events, bytes
}

// NewQuota returns the quota of a limit, full; nil if nothing is limited. A
// burst is what the limit allows in that time, and one event at least.
func NewQuota(l Limit, burst time.Duration, now func() time.Time) *Quota {
	if l.EventsPerSecond <= 0 && l.BytesPerSecond <= 0 {
		return nil
	}
	at := now()
	return &Quota{now: now, burst: burst, buckets: [2]bucket{newBucket(l.EventsPerSecond, burst, at), newBucket(l.BytesPerSecond, burst, at)}}
}

// Standing is how a quota stands.
type Standing struct {
	Limit, Left int           // events within Window; what is left of them
	Window      time.Duration // for which Limit counts
	Wait        time.Duration // until something is taken again; none if it is now
}

// Take counts events and their bytes, unless the quota is used up: then nothing
// is counted, and Wait says for how long.
func (q *Quota) Take(events, bytes int) (Standing, bool) {
	if q == nil {
		return Standing{}, true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	wait := max(q.buckets[0].refill(now), q.buckets[1].refill(now))
	if wait == 0 {
		q.buckets[0].left -= float64(events)
		q.buckets[1].left -= float64(bytes)
	}
	b := q.buckets[0]
	return Standing{Limit: int(b.size), Left: max(0, int(b.left)), Window: q.burst, Wait: wait}, wait == 0
}

// wait returns when a message was counted, or ctx ends, and how long it took.
func (q *Quota) wait(ctx context.Context, bytes int) (waited time.Duration) {
	for ctx.Err() == nil {
		s, ok := q.Take(1, bytes)
		if ok {
			break
		}
		waited += s.Wait
		select {
		case <-ctx.Done():
		case <-time.After(s.Wait):
		}
	}
	return waited
}

// bucket fills at an even pace and is never fuller than its size.
type bucket struct {
	rate, size, left float64 // a rate of 0 counts nothing
	at               time.Time
}

func newBucket(perSecond int, burst time.Duration, at time.Time) bucket {
	size := max(1, float64(perSecond)*burst.Seconds())
	return bucket{rate: float64(perSecond), size: size, left: size, at: at}
}

// refill returns how long it takes until there is something in it.
func (b *bucket) refill(now time.Time) time.Duration {
	if b.rate <= 0 {
		b.left = 0
		return 0
	}
	b.left = min(b.size, b.left+b.rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.left >= 1 {
		return 0
	}
	return time.Duration((1-b.left)/b.rate*float64(time.Second)) + time.Microsecond
}

// fetched is how many messages may lie fetched and not looked at: no more than
// are looked at well before NATS would hand them out again, the largest too.
func fetched(l Limit) int {
	const within = int(ackWait/time.Second) / 4
	n := 2 * inFlight
	if l.EventsPerSecond > 0 {
		n = min(n, l.EventsPerSecond*within)
	}
	if l.BytesPerSecond > 0 {
		n = min(n, l.BytesPerSecond/largestMessage*within)
	}
	return max(n, 1)
}

// largestMessage is what NATS takes, as WriteServerConfig has it.
const largestMessage = 1 << 20
