package webhook

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateWanted is how many requests a minute a receiver is asked to allow.
const RateWanted = 600

const fresh = 24 * time.Hour // until a receiver is asked anew

// Permission is what a receiver allowed: the handshake of the CloudEvents webhook
// specification.
type Permission struct {
	URL    string    `json:"url"` // whose it is, and for which origin: for another it counts nothing
	Origin string    `json:"origin"`
	Rate   int       `json:"rate"` // requests a minute; 0: as many as we like
	Until  time.Time `json:"until"`
}

// Holds tells whether the sender may go on with a permission.
func (s *Sender) Holds(p Permission, now time.Time) bool {
	return p.URL == s.target.URL && p.Origin == s.target.Origin && now.Before(p.Until)
}

// Pause is the time from one request to the next.
func (p Permission) Pause() time.Duration {
	if p.Rate <= 0 {
		return 0
	}
	return time.Minute / time.Duration(p.Rate)
}

// Ask asks the receiver whether this hub may send to it. No status says yes: only
// the header does.
func (s *Sender) Ask(ctx context.Context) (Permission, Outcome, error) {
	req, err := s.request(ctx, http.MethodOptions, nil)
	if err != nil {
		return Permission{}, Outcome{}, err
	}
	req.Header.Set("WebHook-Request-Rate", strconv.Itoa(RateWanted))
	p := Permission{URL: s.target.URL, Origin: s.target.Origin, Until: time.Now().Add(fresh)}
	allowed := false
	o, err := s.do(req, func(h http.Header) {
		origin := strings.TrimSpace(h.Get("WebHook-Allowed-Origin"))
		allowed = origin == "*" || strings.EqualFold(origin, s.target.Origin)
		p.Rate = rate(h.Get("WebHook-Allowed-Rate"))
	})
	switch {
	case err != nil || o.Status == 0 || o.Code == Gone || o.Code == Redirect:
		return Permission{}, o, err
	case !allowed:
		o.Code = NotAllowed
		return Permission{}, o, nil
	}
	o.Code = Delivered
	return p, o, nil
}

// rate: what is missing or is no number is as if it were what we asked for, which
// is little.
func rate(v string) int {
	v = strings.TrimSpace(v)
	if v == "*" {
		return 0
	}
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return n
	}
	return RateWanted
}
