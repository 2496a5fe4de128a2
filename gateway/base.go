package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"kith/events"
)

// base is what the layout of every page needs. It is about nobody: a title never
// holds a name, for browsers keep titles.
type base struct {
	Title  string
	Who    string // the account, as a role and an agency
	Nav    []navItem
	Narrow bool
	Failed bool // the form was sent and something is wrong with it
	Demo   bool
	Idle   int // seconds until an unused session ends; 0 without one
}

func (base) open() {}

type navItem struct {
	Name, Path string
	Here       bool
}

func (g *Gateway) base(c *caller, title string) base {
	b := base{Title: title, Demo: g.Demo, Narrow: true}
	if c == nil {
		return b
	}
	b.Who, b.Nav = c.Name, g.nav(c.Reader)
	if c.session != nil {
		b.Idle = int(g.sessions.idle.Seconds())
	}
	return b
}

func (g *Gateway) nav(r events.Reader) []navItem {
	if governance(g, r) {
		return []navItem{{Name: "Who looked", Path: "/"}, {Name: "Unusual looks", Path: "/unusual"}, {Name: "Erasures and holds", Path: "/erasures"},
			{Name: "To be judged", Path: "/reviews"}, {Name: "Decisions not to share", Path: "/not-shared"}, {Name: "Notices", Path: "/notices"}, {Name: "Restricted records", Path: "/restrictions"}}
	}
	ns := []navItem{{Name: "Start", Path: "/"}}
	if dsl(g, r) {
		ns = []navItem{{Name: "My school’s concerns", Path: "/"}, {Name: "Raise a concern", Path: "/concerns/new"}}
	}
	if caseworker(g, r) {
		ns = []navItem{{Name: "Concerns", Path: "/"}}
	}
	ns = append(ns, navItem{Name: "Find a child", Path: "/search"})
	if keeper(g, r) {
		ns = append(ns, navItem{Name: "Erasures and holds", Path: "/erasures"})
	}
	if socialWorker(g, r) {
		ns = append(ns, navItem{Name: "Possible matches", Path: "/identity"})
	}
	if caseworker(g, r) {
		ns = append(ns, navItem{Name: "Restricted records", Path: "/restrictions"})
	}
	if judging(g, r) {
		ns = append(ns, navItem{Name: "To be judged", Path: "/reviews"})
	}
	return ns
}

// at marks where in the navigation a page is.
func (b base) at(path string) base {
	for i := range b.Nav {
		b.Nav[i].Here = b.Nav[i].Path == path
	}
	return b
}

func (b base) failed(f form) base {
	b.Failed = len(f.Errors) > 0
	return b
}

func (b base) wide() base {
	b.Narrow = false
	return b
}

// agencyName is the name of a registered agency, or its id.
func (g *Gateway) agencyName(id events.AgencyID) string { return g.agency(id).Name }

func (g *Gateway) agency(id events.AgencyID) events.Agency {
	for _, a := range g.agencies() {
		if a.ID == id {
			return a
		}
	}
	return events.Agency{ID: id, Name: string(id)}
}

// signInPath leads to where somebody signs in, or confirms who they are, and back
// to where they wanted to go.
func signInPath(r *http.Request, why error) string {
	page := "/sign-in"
	if isStale(why) {
		page = "/sign-in/again"
	}
	if r.URL.Path == "/" {
		return page
	}
	return page + "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// within keeps a way back on this site: a path, not an address.
func within(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return "/"
	}
	return next
}
