package gateway

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"kith/events/bus"
	"kith/services/fault"
)

// longestPoll is how long a request for the inbox is held at most; proxies cut
// off what is silent for a minute.
const longestPoll = 30 * time.Second

// getInbox answers with the messages after the one that the caller read last,
// or waits for one.
func (g *Gateway) getInbox(w http.ResponseWriter, r *http.Request, c *caller) error {
	after, wait, err := polled(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	ms, err := g.Told(ctx, c.Reader.Agency, after)
	if err != nil {
		return err
	}
	d, err := g.Gate.Inbox(r.Context(), c.Reader, ms, after, bus.TellJSON)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, d)
}

func polled(r *http.Request) (after uint64, wait time.Duration, err error) {
	q := r.URL.Query()
	if s := q.Get("after"); s != "" {
		if after, err = strconv.ParseUint(s, 10, 63); err != nil {
			return 0, 0, &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: []fault.Place{
				{Pointer: "after", Detail: "Give what the last answer said under next, or leave it out to begin."}}}
		}
	}
	if s := q.Get("wait"); s != "" {
		if wait, err = time.ParseDuration(s); err != nil || wait < 0 || wait > longestPoll {
			return 0, 0, &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: []fault.Place{
				{Pointer: "wait", Detail: "Say how long to wait for a message, 30s at most, or leave it out."}}}
		}
	}
	return after, wait, nil
}
