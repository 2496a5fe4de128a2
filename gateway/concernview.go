package gateway

import (
	"net/http"
	"time"

	"kith/events"
	"kith/services/disclosure"
)

// concernView is a concern and what became of it, as a page shows it.
type concernView struct {
	base
	Reference, Path, ChildPath     string
	Child, Born, Agency            string
	Observed, SafeNow, DoneSoFar   string
	Words, HeardBy, Informed       string
	Immediate, Overdue, MayDecide  bool
	Received, DecideBy             string
	Decided                        bool
	Decision, DecidedAt            string
	Rationale, NextStep, Threshold string
}

// concern is the page on which a school sees what became of its concern, and
// social care reads it.
func (g *Gateway) concern(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.Concern(r.Context(), c.Reader, r.PathValue("reference"))
	if err != nil {
		return err
	}
	b, now := g.base(c, "Concern"), g.Now()
	return showDisclosed(g, w, http.StatusOK, "concern.html", disclosure.Map(d, func(s events.ConcernStatus) concernView {
		return g.concernView(b, c.Reader, s, now)
	}))
}

func (g *Gateway) concernView(b base, reader events.Reader, s events.ConcernStatus, now time.Time) concernView {
	v := concernView{base: b, Reference: s.Reference, Path: "/concerns/" + s.Reference, Agency: g.agencyName(s.Agency),
		Child: fullName(s.Person.Name), Observed: s.Concern.Observed, SafeNow: safeWords.of(string(s.Concern.SafeNow)),
		DoneSoFar: s.Concern.DoneSoFar, Immediate: s.Concern.Immediate, Informed: informedWords(s.Informed),
		Received: g.cal.Moment(s.ReceivedAt), DecideBy: g.cal.Day(s.DecideBy), Overdue: g.overdue(s, now),
		MayDecide: s.Decided == nil && caseworker(g, reader)}
	if s.Person.DateOfBirth != "" {
		v.Born = g.cal.Date(g.cal.day(s.Person.DateOfBirth))
	}
	if s.Voice != nil {
		v.Words, v.HeardBy = s.Voice.Words, s.Voice.HeardBy
	}
	if s.Child != "" {
		v.ChildPath = "/children/" + string(s.Child)
	}
	if d := s.Decided; d != nil {
		v.Decided, v.Decision, v.Rationale = true, decisionWords.of(string(d.Decision)), d.Rationale
		v.NextStep, v.Threshold = d.NextStep, d.Threshold
	}
	if s.DecidedAt != nil {
		v.DecidedAt = g.cal.Moment(*s.DecidedAt)
	}
	return v
}

// overdue says whether the day by which a concern had to be decided is over.
func (g *Gateway) overdue(s events.ConcernStatus, now time.Time) bool {
	return s.Decided == nil && s.DecideBy != "" && now.In(g.cal.place).Format(time.DateOnly) > string(s.DecideBy)
}

// homePage lists concerns, or says in a sentence what an account is for.
type homePage struct {
	base
	Heading, Lede       string
	MayRaise, MaySearch bool
	Concerns            bool
	Waiting, Settled    concernList
}

type concernList struct {
	ID, Title, Empty string
	Settled          bool
	Rows             []concernRow
}

type concernRow struct {
	Reference, Path, Child, Agency, Received string
	DecideBy, Decision, DecidedAt            string
	Immediate, Overdue                       bool
}

// home is where everybody starts.
func (g *Gateway) home(w http.ResponseWriter, r *http.Request, c *caller) error {
	switch {
	case governance(g, c.Reader):
		return g.ledgerPage(w, r, c)
	case !dsl(g, c.Reader) && !caseworker(g, c.Reader):
		p := homePage{base: g.base(c, "Start").at("/"), Heading: c.Name, MaySearch: true,
			Lede: "You can find a child whom your agency works with, and open what may be shown to you. Events from your agency’s systems come in over NATS or the API."}
		return g.page(w, http.StatusOK, "home.html", p)
	}
	d, err := g.Gate.Concerns(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	b, now := g.base(c, "Concerns").at("/").wide(), g.Now()
	return showDisclosed(g, w, http.StatusOK, "home.html", disclosure.Map(d, func(ss []events.ConcernStatus) homePage {
		return g.concernHome(b, c.Reader, ss, now)
	}))
}

func (g *Gateway) concernHome(b base, reader events.Reader, ss []events.ConcernStatus, now time.Time) homePage {
	p := homePage{base: b, Heading: "Concerns from schools", Concerns: true, MayRaise: dsl(g, reader),
		Waiting: concernList{ID: "waiting", Title: "Waiting for a decision", Empty: "Nothing is waiting."},
		Settled: concernList{ID: "settled", Title: "Decided", Empty: "Nothing was decided yet.", Settled: true}}
	if p.MayRaise {
		p.Heading = "Concerns of " + g.agencyName(reader.Agency)
	}
	for _, s := range ss {
		v := g.concernView(b, reader, s, now)
		row := concernRow{v.Reference, v.Path, v.Child, v.Agency, v.Received, v.DecideBy, v.Decision, v.DecidedAt, v.Immediate && !v.Decided, v.Overdue}
		if p.MayRaise {
			row.Agency = "" // it is their own
		}
		if v.Decided {
			p.Settled.Rows = append([]concernRow{row}, p.Settled.Rows...)
		} else {
			p.Waiting.Rows = append(p.Waiting.Rows, row)
		}
	}
	return p
}
