package gateway

import (
	"net/url"
	"slices"
	"time"

	"kith/events"
	"kith/services/childview"
)

// chronology fills in the rows, the picture of them, and the ways to sift them.
// The picture is always of everything; the rows may be those of one agency.
func (g *Gateway) chronology(p *childPage, v childview.Arranged, l look, until time.Time) {
	var marks []drawn
	shown := 0
	for _, i := range v.Items {
		marks = append(marks, drawn{At: i.OccurredAt, Agency: i.Agency, Anchor: anchor(i.ID), Name: i.Title, Span: span(i.Fact)})
		if l.only != "" && l.only != i.Agency {
			continue
		}
		shown++
		p.Years = grow(p.Years, g.entry(i), i.OccurredAt.In(g.cal.place).Format("2006"))
	}
	if l.latestFirst {
		slices.Reverse(p.Years)
		for n := range p.Years {
			slices.Reverse(p.Years[n].Entries)
		}
	}
	p.Picture = g.cal.draw(v.Agencies, marks, v.Discussions, until)
	p.Count = plural(shown, "item", "items") + ", by the time it happened"
	g.sifting(p, v, l)
}

func grow(years []year, e entry, y string) []year {
	if n := len(years); n == 0 || years[n-1].Year != y {
		years = append(years, year{Year: y})
	}
	years[len(years)-1].Entries = append(years[len(years)-1].Entries, e)
	return years
}

func (g *Gateway) entry(i childview.Item) entry {
	e := entry{Title: i.Title, Anchor: anchor(i.ID), Agency: g.agencyName(i.Agency), Kind: string(i.Kind), Source: i.Source,
		Contact: i.Contact, Grounds: i.Grounds, Late: i.Late, Corrects: i.Corrects, Informed: informedWords(i.Informed),
		At: g.cal.Stamp(i.OccurredAt), Day: g.cal.Date(i.OccurredAt), Hour: g.cal.Hour(i.OccurredAt),
		Recorded: g.cal.Short(i.RecordedAt), RecordedStamp: g.cal.Stamp(i.RecordedAt),
		Hub: g.cal.Short(i.HubRecordedAt), HubStamp: g.cal.Stamp(i.HubRecordedAt)}
	e.BasisShort, e.Basis = basisWords(i.Basis)
	if i.Late {
		e.LateBy = plural(int(i.HubRecordedAt.Sub(i.OccurredAt).Hours()/24), "day", "days")
	}
	if i.Label == events.Sensitive || i.Label == events.Restricted {
		e.Label, e.LabelCode = labelWords.of(string(i.Label)), string(i.Label)
	}
	if i.Voice != nil {
		e.Words = i.Voice.Words
	}
	for _, c := range i.Caveats {
		e.Caveats = append(e.Caveats, caveatWords.of(string(c)))
	}
	e.Lead, e.Rows = lead(i.Detail)
	if i.Role != events.RoleChild && i.Role != "" {
		e.Rows = append(e.Rows, childview.Line{Label: "The child is here as", Text: words{}.of(string(i.Role))})
	}
	return e
}

// lead takes the account of what happened out of the detail: it is read first,
// and needs no label.
func lead(d []childview.Line) (string, []childview.Line) {
	if len(d) > 0 {
		switch d[0].Label {
		case "What happened", "Reason", "Concern", "Observed", "Summary", "Rationale", "Outcome":
			return d[0].Text, slices.Clone(d[1:])
		}
	}
	return "", slices.Clone(d)
}

// sifting offers the rows of one agency, and the other order.
func (g *Gateway) sifting(p *childPage, v childview.Arranged, l look) {
	path := func(only events.AgencyID, latest bool) string {
		q := url.Values{}
		if only != "" {
			q.Set("agency", string(only))
		}
		if latest {
			q.Set("order", "latest")
		}
		return viewPath(v.Child, v.Purpose, v.AsKnownAt, q) + "#chronology"
	}
	if len(v.Agencies) > 1 {
		p.Filters = append(p.Filters, option{Name: "All agencies", Value: path("", l.latestFirst), On: l.only == ""})
		for _, a := range v.Agencies {
			p.Filters = append(p.Filters, option{Name: a.Name, Value: path(a.Agency, l.latestFirst), On: l.only == a.Agency})
		}
	}
	p.OrderName, p.OrderPath = "Latest first", path(l.only, !l.latestFirst)
	if l.latestFirst {
		p.OrderName = "Earliest first"
	}
}

// viewPath is the address of a view. It holds a pseudonym, a purpose and a time:
// nothing about anyone.
func viewPath(child events.ChildID, p events.Purpose, at *time.Time, q url.Values) string {
	if q == nil {
		q = url.Values{}
	}
	q.Set("purpose", string(p))
	if at != nil {
		q.Set("asKnownAt", at.UTC().Format(time.RFC3339Nano))
	}
	return "/children/" + url.PathEscape(string(child)) + "?" + q.Encode()
}

func anchor(i events.ItemID) string { return "item-" + string(i) }

// span is how long something lasted, where a fact says so; an open end is "".
func span(f events.Fact) [2]events.Date {
	switch f := f.(type) {
	case events.InvolvementChanged:
		return [2]events.Date{f.Since, f.Until}
	case events.Section47Enquiry:
		return [2]events.Date{f.Started, f.Ended}
	case events.ProtectionPlan:
		return [2]events.Date{f.Started, f.Ended}
	case events.Section47Dates:
		return [2]events.Date{f.Started, f.Ended}
	case events.Assessment:
		return [2]events.Date{f.Started, f.Ended}
	default:
		return [2]events.Date{}
	}
}
