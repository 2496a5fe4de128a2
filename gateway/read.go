package gateway

import (
	"net/http"
	"time"

	"kith/events"
	"kith/services/childview"
	"kith/services/disclosure"
)

// getView is the shared view over the API.
func (g *Gateway) getView(w http.ResponseWriter, r *http.Request, c *caller) error {
	purpose := events.Purpose(r.URL.Query().Get("purpose"))
	at, err := g.cal.parse("asKnownAt", r.URL.Query().Get("asKnownAt"))
	if err != nil {
		return err
	}
	d, err := g.Gate.Child(r.Context(), c.Reader, events.ChildID(r.PathValue("child")), purpose, at)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, childview.Arrange))
}

type choosePage struct {
	base
	Child   string
	Purpose field
}

// child is the page of the shared view. Without a purpose it asks for one, of
// everybody and for every address alike.
func (g *Gateway) child(w http.ResponseWriter, r *http.Request, c *caller) error {
	q, id := r.URL.Query(), r.PathValue("child")
	if q.Get("purpose") == "" {
		p := choosePage{base: g.base(c, "Why are you looking?"), Child: id, Purpose: choice("purpose", "Purpose", "", purposes("")...)}
		p.Purpose.Value = usual(c.Reader)
		return g.page(w, http.StatusOK, "choose.html", p)
	}
	at, err := g.cal.parse("asKnownAt", q.Get("asKnownAt"))
	if err != nil {
		return err
	}
	d, err := g.Gate.Child(r.Context(), c.Reader, events.ChildID(id), events.Purpose(q.Get("purpose")), at)
	if err != nil {
		return err
	}
	l := g.look(r, c)
	return showDisclosed(g, w, http.StatusOK, "child.html", disclosure.Map(d, func(s events.Shown) childPage { return g.view(childview.Arrange(s), l) }))
}

func (g *Gateway) look(r *http.Request, c *caller) look {
	q, child := r.URL.Query(), events.ChildID(r.PathValue("child"))
	may := func(act string) bool { return g.Gate.MayAct(r.Context(), c.Reader, child, act) == nil }
	return look{base: g.base(c, "Child’s view").wide(), reader: c.Reader, now: g.Now(),
		only: events.AgencyID(q.Get("agency")), latestFirst: q.Get("order") == "latest",
		mayConvene: may("convene"), mayConsent: may("consent"), mayDecide: may("decide"), mayCopy: may("copy")}
}

// listening is the route of a page that waits for news; it keeps nobody's
// session alive.
const listening = "GET /v1/children/{child}/changes"

// heartbeat keeps proxies from closing a connection that is merely quiet.
const heartbeat = 15 * time.Second

// changes says that there is something new about a child, and nothing else: no
// word of it is about anybody. Whether the caller may still know that there is
// such a child is asked again before every word.
func (g *Gateway) changes(w http.ResponseWriter, r *http.Request, c *caller) error {
	child := events.ChildID(r.PathValue("child"))
	if err := g.Gate.MayAct(r.Context(), c.Reader, child, "open"); err != nil {
		return err
	}
	news, stop := g.Subscribe(child)
	defer stop()
	s := stream{w: w, rc: http.NewResponseController(w)}
	s.begin()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for s.err == nil {
		select {
		case <-r.Context().Done():
			if brokenOff(r) != nil {
				s.say(ended)
			}
			return nil
		case <-beat.C:
			s.say(g.stillMay(r, c, child, ": still here\n\n"))
		case _, ok := <-news:
			if !ok {
				return nil
			}
			s.say(g.stillMay(r, c, child, "event: changed\ndata: {}\n\n"))
		}
		if s.ended {
			return nil
		}
	}
	return nil
}

// ended is the last word to somebody who signed out, whose session ran out, or
// who no longer works with the child.
const ended = "event: ended\ndata: {}\n\n"

// stillMay asks again, for a connection outlives permissions.
func (g *Gateway) stillMay(r *http.Request, c *caller, child events.ChildID, words string) string {
	now, err := g.callerOf(r, false)
	if err != nil || now == nil || g.Gate.MayAct(r.Context(), c.Reader, child, "open") != nil {
		return ended
	}
	return words
}

// stream writes server-sent events.
type stream struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	ended bool
	err   error
}

func (s *stream) begin() {
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.w.Header().Set("X-Accel-Buffering", "no")
	_ = s.rc.SetWriteDeadline(time.Time{}) // a server without deadlines has none to lift
	s.say("retry: 5000\n\n")
}

func (s *stream) say(words string) {
	s.ended = words == ended
	if _, s.err = s.w.Write([]byte(words)); s.err == nil {
		s.err = s.rc.Flush()
	}
}
