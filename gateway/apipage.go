package gateway

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"kith/schemas"
	"kith/services/fault"
)

// apiPage lists every operation of the API.
type apiPage struct {
	base
	Operations []operationLine
}

type operationLine struct{ ID, Summary, Method, Path string }

// operationPage is one operation.
type operationPage struct {
	base
	operationLine
	Operation         operation
	Carries           []header
	Takes, Gives      shapeOf
	Also              []string // other media types of the request
	Problems          []kind
	Request, Response string
}

// shapeOf is a body as a person reads it.
type shapeOf struct {
	schemas.Description
	Heading, Media string
	Must           string // what is said of a field that has to be there
}

// described are the operations in the order of the routes.
func (g *Gateway) described() (all []operationLine) {
	ops := operations()
	for _, rt := range g.routes() {
		if o, ok := ops[rt.pattern]; ok {
			method, path, _ := strings.Cut(rt.pattern, " ")
			all = append(all, operationLine{o.ID, o.Summary, method, path})
		}
	}
	return all
}

// apiCatalogue is rendered from the table and the schemas that openapi.yaml is made of.
func (g *Gateway) apiCatalogue(w http.ResponseWriter, _ *http.Request, c *caller) error {
	return g.page(w, http.StatusOK, "api.html", apiPage{g.base(c, "The API"), g.described()})
}

// apiOperation explains one operation.
func (g *Gateway) apiOperation(w http.ResponseWriter, r *http.Request, c *caller) error {
	all := g.described()
	i := slices.IndexFunc(all, func(l operationLine) bool { return l.ID == r.PathValue("operation") })
	if i < 0 {
		return fault.NotFound
	}
	o := operations()[all[i].Method+" "+all[i].Path]
	p := operationPage{base: g.base(c, strings.TrimSuffix(o.Summary, ".")), operationLine: all[i], Operation: o, Problems: o.problems()}
	var err error
	if o.reads() {
		if p.Takes, err = shapeIn("What it takes", "required", o.Bodies[0]); err != nil {
			return err
		}
		for _, b := range o.Bodies[1:] {
			p.Also = append(p.Also, b.Media)
		}
	}
	if p.Gives, err = shapeIn("What it answers", "always there", o.Answer); err != nil {
		return err
	}
	for _, h := range headers {
		if h.Name == o.Place || slices.Contains(o.Headers, h.Name) {
			p.Carries = append(p.Carries, h)
		}
	}
	if err := p.exemplify(); err != nil {
		return err
	}
	return g.page(w, http.StatusOK, "api-operation.html", p)
}

func shapeIn(heading, must string, c content) (shapeOf, error) {
	s := shapeOf{Heading: heading, Media: c.Media, Must: must}
	if c.Schema == "" {
		s.Text = "A stream of server-sent events: “changed” when something new was recorded, “ended” when you may not listen any longer."
		return s, nil
	}
	d, err := schemas.Describe(c.Schema)
	s.Description = d
	return s, err
}

// exemplify shows what was said when the example was taken.
func (p *operationPage) exemplify() error {
	b, err := fs.ReadFile(schemas.FS(), "api/examples/"+p.ID+".json")
	if err != nil {
		return nil // a stream has none
	}
	var said struct{ Request, Response json.RawMessage }
	if err := json.Unmarshal(b, &said); err != nil {
		return err
	}
	p.Request, p.Response = level(said.Request), level(said.Response)
	return nil
}

// level takes out the indent that an example has for lying within a file.
func level(b json.RawMessage) string { return strings.ReplaceAll(string(b), "\n  ", "\n") }
