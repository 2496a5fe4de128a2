package gateway

import (
	"net/http"

	"kith/events"
	"kith/services/disclosure"
)

// searched is the body of a search. A search is a POST, so that what somebody
// looks for never stands in an address.
type searched struct {
	events.Query
	Purpose events.Purpose `json:"purpose"`
}

// found is the answer to a search.
type found struct {
	Matches []events.Match `json:"matches"`
}

func (g *Gateway) postSearch(w http.ResponseWriter, r *http.Request, c *caller) error {
	q, err := decode[searched](w, r)
	if err != nil {
		return err
	}
	d, err := g.Gate.Search(r.Context(), c.Reader, q.Query, q.Purpose)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, disclosure.Map(d, func(ms []events.Match) found {
		return found{append([]events.Match{}, ms...)}
	}))
}

type searchPage struct {
	base
	form
}

func (g *Gateway) searchForm(c *caller) form {
	p := choice("purpose", "Why are you looking?", "It decides what you may see, and is written down.", purposes("")...)
	p.Value = usual(c.Reader)
	return newForm(p,
		text("given", "Given name", "", ""), text("family", "Family name", "", ""),
		field{Name: "born", Label: "Date of birth", Type: "date", Class: "govuk-input--width-10", Strong: true},
		text("nhs", "NHS number", "", "govuk-input--width-20"), text("upn", "Unique pupil number", "", "govuk-input--width-20"))
}

// usual is the purpose that is chosen to begin with, where a role has one.
func usual(r events.Reader) string {
	if r.Role == events.RoleChair || r.Role == events.RoleSocialWorker {
		return string(events.PurposeSection47)
	}
	return ""
}

func (g *Gateway) searchPage(c *caller, f form) searchPage {
	return searchPage{base: g.base(c, "Find a child").at("/search").failed(f), form: f}
}

func (g *Gateway) newSearch(w http.ResponseWriter, _ *http.Request, c *caller) error {
	return g.page(w, http.StatusOK, "search.html", g.searchPage(c, g.searchForm(c)))
}

type foundPage struct {
	base
	Heading string
	Matches []foundLine
}

type foundLine struct{ Name, Born, Age, Path string }

func (g *Gateway) search(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	purpose := events.Purpose(posted(r, "purpose"))
	q := events.Query{NHSNumber: digitsOnly(posted(r, "nhs")), UPN: posted(r, "upn"), DateOfBirth: events.Date(posted(r, "born")),
		Name: events.Name{Given: posted(r, "given"), Family: posted(r, "family")}}
	d, err := g.Gate.Search(r.Context(), c.Reader, q, purpose)
	names := labels{"nhsNumber": {Pointer: "nhs"}, "dateOfBirth": {Pointer: "born"}, "name": {Pointer: "given"}}
	if at, ok := mistakes(err, names); ok {
		return g.page(w, http.StatusBadRequest, "search.html", g.searchPage(c, g.searchForm(c).again(r, at)))
	}
	if err != nil {
		return err
	}
	b, now := g.base(c, "Search result").at("/search"), g.Now()
	return showDisclosed(g, w, http.StatusOK, "found.html", disclosure.Map(d, func(ms []events.Match) foundPage {
		p := foundPage{base: b, Heading: "Nobody was found"}
		for _, m := range ms {
			p.Heading = plural(len(ms), "child", "children") + " found"
			line := foundLine{Name: fullName(m.Name), Path: viewPath(m.Child, purpose, nil, nil)}
			if m.Born != "" {
				line.Born, line.Age = g.cal.Date(g.cal.day(m.Born)), age(m.Born, now)
			}
			p.Matches = append(p.Matches, line)
		}
		return p
	}))
}

// digitsOnly takes the spaces out of a number as people write it.
func digitsOnly(s string) string {
	var out []rune
	for _, r := range s {
		if r != ' ' && r != '-' {
			out = append(out, r)
		}
	}
	return string(out)
}
