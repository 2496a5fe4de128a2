package gateway

import (
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/services/childview"
)

// childPage is a child's view as the page shows it. It is made from what the
// gate disclosed and from nothing else.
type childPage struct {
	base
	Child                     events.ChildID
	About                     about
	Purpose                   events.Purpose
	PurposeName               string
	Purposes                  []option
	AsKnownAt, AsKnownAtField string
	NowPath                   string
	Agencies                  []agencyCard
	Voices                    []voiceCard
	Withheld                  []withheldLine
	Clocks                    []clockLine
	Discussions               []discussionCard
	Consents                  []consentLine
	MayConvene, MayConsent    bool
	MayCopy                   bool
	Now                       bool // of today, not as known at an earlier moment
	Once                      string
	Picture                   picture
	Count                     string
	Filters                   []option
	OrderPath, OrderName      string
	Years                     []year
	Policy                    string
}

// about is who the child is, and what else agencies say of that.
type about struct {
	Name, Born, Age string
	Also            []string
}

type agencyCard struct {
	Name, Kind  string
	Contact     events.Contact
	Since, Last string
	Grounds     []events.Grounds
}

type voiceCard struct{ Words, HeardBy, Agency, When, Anchor string }

type withheldLine struct{ What, Reason, Phone string }

type clockLine struct {
	What, Rule, From, Due string
	Overdue               bool
}

type discussionCard struct {
	ID                                     events.DiscussionID
	At, Reason, Agency, Invited, Attendees string
	Open, Attending, MayDecide, Decided    bool
	Decision, DecidedAt, Rationale         string
	Actions                                []events.Action
}

type consentLine struct {
	ID                                               events.ConsentID
	Scope, By, GivenAt, Until, WithdrawnAt, Partners string
	InForce                                          bool
	Ended                                            string
}

// year groups the entries of a chronology.
type year struct {
	Year    string
	Entries []entry
}

// entry is one row of the chronology.
type entry struct {
	Title, Lead                            string
	Rows                                   []childview.Line
	Anchor                                 string
	At, Day, Hour                          string
	Late, Corrects                         bool
	LateBy                                 string
	Label, LabelCode                       string
	Words                                  string
	Caveats                                []string
	Informed                               string
	Agency, Kind, Source                   string
	Contact                                events.Contact
	Recorded, RecordedStamp, Hub, HubStamp string
	BasisShort                             string
	Basis                                  []string
	Grounds                                []events.Grounds
}

// look is how somebody looks at a view: what they asked for and may do. None of
// it is about the child.
type look struct {
	base                   base
	reader                 events.Reader
	now                    time.Time
	only                   events.AgencyID // show items of one agency
	latestFirst            bool
	mayConvene, mayConsent bool
	mayCopy                bool
	mayDecide              bool
}

// view makes the page of a child's view. It adds nothing to what was disclosed.
func (g *Gateway) view(v childview.Arranged, l look) childPage {
	today := v.AsKnownAt == nil
	p := childPage{base: l.base, Child: v.Child, Purpose: v.Purpose, PurposeName: purposeWords.of(string(v.Purpose)),
		Purposes: purposes(v.Purpose), Now: today, Once: newKey(), Policy: v.Policy,
		MayConvene: l.mayConvene && today, MayConsent: l.mayConsent && today, MayCopy: l.mayCopy && today}
	until := l.now
	if !today {
		until = *v.AsKnownAt
		p.AsKnownAt, p.AsKnownAtField = g.cal.Moment(until), until.In(g.cal.place).Format("2006-01-02T15:04")
		p.NowPath = viewPath(v.Child, v.Purpose, nil, nil)
	}
	p.About = g.about(v.About, until)
	for _, a := range v.Agencies {
		p.Agencies = append(p.Agencies, agencyCard{a.Name, string(a.Kind), a.Contact, g.cal.Date(a.Since), g.cal.Date(a.Last), a.Grounds})
	}
	for _, c := range v.Clocks {
		p.Clocks = append(p.Clocks, clockLine{c.What, c.Rule, g.cal.Day(c.From), g.cal.Day(c.Due), c.Overdue})
	}
	for _, h := range v.Voice {
		p.Voices = append(p.Voices, voiceCard{h.Words, h.HeardBy, g.agencyName(h.Agency), g.cal.Date(h.OccurredAt), anchor(h.Item)})
	}
	p.Withheld = g.withheld(v)
	p.MayConvene = p.MayConvene && !slices.ContainsFunc(v.Discussions, func(d events.Discussion) bool { return d.Open })
	p.Discussions, p.Consents = g.discussions(v.Discussions, l), g.consents(v.Consents, until)
	g.chronology(&p, v, l, until)
	return p
}

// about says who the child is; where agencies do not agree, it says that too.
func (g *Gateway) about(a childview.About, now time.Time) about {
	out := about{Name: a.Name()}
	if born := a.Born(); born != "" {
		out.Born, out.Age = g.cal.Date(g.cal.day(born)), age(born, now)
	}
	for _, n := range a.Names[min(1, len(a.Names)):] {
		out.Also = append(out.Also, fullName(n))
	}
	for _, d := range a.DatesOfBirth[min(1, len(a.DatesOfBirth)):] {
		out.Also = append(out.Also, "born "+g.cal.Date(g.cal.day(d)))
	}
	return out
}

func (g *Gateway) withheld(v childview.Arranged) []withheldLine {
	var ws []withheldLine
	for _, w := range v.Withheld {
		one, many := w.What, w.What+"s"
		if w.What == "address" {
			many = "addresses"
		}
		phone := ""
		for _, a := range v.Agencies {
			if a.Agency == w.Agency {
				phone = a.Contact.Phone
			}
		}
		ws = append(ws, withheldLine{plural(w.Count, one, many) + " held by " + g.agencyName(w.Agency) + ":", sentence(w.Reason), phone})
	}
	return ws
}

func (g *Gateway) discussions(ds []events.Discussion, l look) []discussionCard {
	var cards []discussionCard
	for _, d := range ds {
		c := discussionCard{ID: d.ID, At: g.cal.Moment(d.At), Reason: d.Reason, Agency: g.agencyName(d.Agency), Open: d.Open,
			Invited: g.names(d.Invited), Attendees: g.attendees(d), Attending: attending(d, l.reader.Actor),
			MayDecide: l.mayDecide && d.Chair == l.reader.Actor}
		if d.Decision != nil {
			c.Decided, c.Rationale, c.Decision = true, d.Decision.Rationale, "No section 47 enquiry"
			if d.Decision.Section47 {
				c.Decision = "Section 47 enquiry, " + conductWords.of(string(d.Decision.Conduct))
			}
			for _, a := range d.Decision.Actions {
				a.Due = events.Date(g.cal.Day(a.Due))
				c.Actions = append(c.Actions, a)
			}
		}
		if d.DecidedAt != nil {
			c.DecidedAt = g.cal.Moment(*d.DecidedAt)
		}
		cards = append(cards, c)
	}
	slices.Reverse(cards)
	return cards
}

func attending(d events.Discussion, who events.ActorID) bool {
	return d.Chair == who || slices.ContainsFunc(d.Attendees, func(a events.DiscussionAttended) bool { return a.Actor == who })
}

// attendees are told by agency and role: the hub knows no names of practitioners.
func (g *Gateway) attendees(d events.Discussion) string {
	who := []string{"the chair, " + g.agencyName(d.Agency)}
	for _, a := range d.Attendees {
		if a.Actor != d.Chair {
			who = append(who, strings.ToLower(roleWords.of(a.Role))+", "+g.agencyName(a.Agency))
		}
	}
	return strings.Join(who, "; ")
}

func (g *Gateway) names(ids []events.AgencyID) string {
	var ns []string
	for _, id := range ids {
		ns = append(ns, g.agencyName(id))
	}
	return strings.Join(ns, ", ")
}

func (g *Gateway) consents(cs []events.ConsentRecord, at time.Time) []consentLine {
	var lines []consentLine
	for _, c := range cs {
		l := consentLine{ID: c.Consent, Scope: capital(strings.ReplaceAll(string(c.Scope), "-", " ")), By: groundWords.of(string(c.By)),
			GivenAt: g.cal.Date(c.GivenAt), Partners: g.names(c.Partners), InForce: c.InForce(at), Ended: "Ended"}
		if c.Until != nil {
			l.Until = g.cal.Date(*c.Until)
		}
		if c.WithdrawnAt != nil {
			l.WithdrawnAt, l.Ended = g.cal.Date(*c.WithdrawnAt), "Withdrawn"
		}
		lines = append(lines, l)
	}
	return lines
}
