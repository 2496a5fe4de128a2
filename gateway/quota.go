package gateway

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
)

// quotas is what each agency has left of its limit for what comes over HTTP.
type quotas struct {
	mu sync.Mutex
	of map[events.AgencyID]*bus.Quota
}

func (q *quotas) quota(ls bus.Limits, a events.AgencyID) *bus.Quota {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.of == nil {
		q.of = map[events.AgencyID]*bus.Quota{}
	}
	if _, there := q.of[a]; !there {
		q.of[a] = bus.NewQuota(ls.For(a), bus.ByRequest, time.Now)
	}
	return q.of[a]
}

// take counts a request, or refuses it whole. The headers tell a client before
// it comes to that (draft-ietf-httpapi-ratelimit-headers-10).
func (q *quotas) take(h http.Header, ls bus.Limits, a events.AgencyID, events, bytes int) error {
	s, ok := q.quota(ls, a).Take(events, bytes)
	if s.Limit > 0 {
		h.Set("RateLimit-Policy", fmt.Sprintf(`"events";q=%d;w=%d`, s.Limit, int(s.Window.Seconds())))
		h.Set("RateLimit", fmt.Sprintf(`"events";r=%d;t=%d`, s.Left, seconds(s.Wait)))
	}
	if ok {
		return nil
	}
	h.Set("Retry-After", fmt.Sprint(seconds(s.Wait)))
	return fault.New(tooMany, fmt.Sprintf("Your agency sent more than was agreed; nothing of this request was taken. Send it again after %d seconds.", seconds(s.Wait)))
}

// seconds rounds up: who comes back by then is let in.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
