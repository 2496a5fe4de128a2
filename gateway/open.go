package gateway

import (
	"net/http"

	"kith/services/fault"
)

// The pages and answers that are about nobody.

type problemPage struct {
	base
	Problem problem
	Kind    kind
}

type problemsPage struct {
	base
	Kinds []kind
}

// words serves a page of nothing but words.
func (g *Gateway) words(page, title string) handler {
	return func(w http.ResponseWriter, _ *http.Request, c *caller) error {
		return g.page(w, http.StatusOK, page, g.base(c, title))
	}
}

// problems explains one kind of problem, or all.
func (g *Gateway) problems(w http.ResponseWriter, r *http.Request, c *caller) error {
	p := problemsPage{base: g.base(c, "What errors mean"), Kinds: kinds}
	if name := r.PathValue("kind"); name != "" {
		k, ok := kindOf(fault.Kind(name))
		if !ok {
			return fault.NotFound
		}
		p.Kinds, p.Title = []kind{k}, k.Title
	}
	return g.page(w, http.StatusOK, "problems.html", p)
}

type policiesPage struct {
	base
	Policies []policyLine
}

type policyLine struct {
	ID, Because, Basis, Text string
	Permits                  bool
}

// policies are for everybody to read, also for the families they are about.
func (g *Gateway) policies(w http.ResponseWriter, _ *http.Request, c *caller) error {
	p := policiesPage{base: g.base(c, "Who may see what")}
	for _, x := range g.Gate.Policies() {
		p.Policies = append(p.Policies, policyLine{ID: x.ID, Because: x.Because, Basis: x.Basis, Text: x.Text, Permits: x.Permits})
	}
	return g.page(w, http.StatusOK, "policies.html", p)
}

type status struct {
	Status string `json:"status"`
}

func (status) open() {}

// livez says that the process runs.
func (g *Gateway) livez(w http.ResponseWriter, _ *http.Request, _ *caller) error {
	return writeOpen(w, http.StatusOK, jsonType, status{"ok"})
}

// readyz says whether the hub can answer now.
func (g *Gateway) readyz(w http.ResponseWriter, r *http.Request, _ *caller) error {
	if err := g.Ready(r.Context()); err != nil {
		return &fault.Error{Kind: fault.Unavailable, Text: "The hub is not ready yet.", Err: err}
	}
	return writeOpen(w, http.StatusOK, jsonType, status{"ready"})
}
