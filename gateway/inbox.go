package gateway

import (
	"context"
	"net/http"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
)

// longestPoll is how long a request for the inbox is held at most; proxies cut
// off what is silent for a minute.
const longestPoll = 30 * time.Second

// getInbox answers with the messages after the one that the caller read last,
// or waits for one.
func (g *Gateway) getInbox(w http.ResponseWriter, r *http.Request, c *caller) error {
	p, err := polled(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.wait)
	defer cancel()
	ms, err := g.toldTo(ctx, c.Reader, p)
	if err == nil {
		err = brokenOff(r)
	}
	if err != nil {
		return err
	}
	d, err := g.Gate.Inbox(r.Context(), c.Reader, ms, p.after, bus.TellJSON)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, d)
}

// toldTo waits for a message that the caller may read: one that is kept from them
// ends no wait.
func (g *Gateway) toldTo(ctx context.Context, r events.Reader, p poll) ([]events.Told, error) {
	for seen := p.after; ; {
		ms, err := g.Told(ctx, r.Agency, seen, p.answers)
		if err != nil || len(ms) == 0 {
			return nil, err
		}
		for _, m := range ms {
			seen = seen.Past(m)
		}
		ms, err = g.Gate.Readable(context.WithoutCancel(ctx), r, ms)
		if err != nil || len(ms) > 0 {
			return ms, err
		}
	}
}

// poll is what a request for the inbox asks.
type poll struct {
	after   events.InboxMark
	wait    time.Duration
	answers bool
}

func polled(r *http.Request) (p poll, err error) {
	q := r.URL.Query()
	if p.after, err = events.ParseInboxMark(q.Get("after")); err != nil {
		return p, incomplete("after", "Give what the last answer said under next, or leave it out to begin.")
	}
	if s := q.Get("wait"); s != "" {
		if p.wait, err = time.ParseDuration(s); err != nil || p.wait < 0 || p.wait > longestPoll {
			return p, incomplete("wait", "Say how long to wait for a message, 30s at most, or leave it out.")
		}
	}
	switch q.Get("include") {
	case "":
	case "answers":
		p.answers = true
	default:
		return p, incomplete("include", "Say answers for receipts and refusals too, or leave it out.")
	}
	return p, nil
}

func incomplete(place, detail string) error {
	return &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: []fault.Place{{Pointer: place, Detail: detail}}}
}
