package gateway

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"kith/events"
	"kith/schemas"
	"kith/services/disclosure"
	"kith/services/fault"
	"kith/services/intake"
)

// cataloguePage lists every type of event by who sends it.
type cataloguePage struct {
	base
	Senders  []sender
	Refusals []intake.Explanation
}

// sender is a kind of agency, or the hub, with what it may send.
type sender struct {
	Family, Name string
	Types        []typeLine
}

type typeLine struct{ Type, Title, Text string }

// senders are in the order in which an agency looks for itself.
var senders = []sender{
	{Family: string(events.KindPolice), Name: "Police"}, {Family: string(events.KindHealth), Name: "Health"},
	{Family: string(events.KindEducation), Name: "Education"}, {Family: string(events.KindSocialCare), Name: "Children’s social care"},
	{Family: "hub", Name: "The hub, into agencies’ inboxes"},
}

// typePage is one type of event.
type typePage struct {
	base
	Type, Text, Sender, Subject, Schema, Example string
	Fields                                       []schemas.Field
	Labels                                       []events.Label
	Audience                                     []disclosure.Onlooker
	Versions                                     []string
}

// catalogue is rendered from the schemas that intake validates with.
func (g *Gateway) catalogue(w http.ResponseWriter, _ *http.Request, c *caller) error {
	p := cataloguePage{base: g.base(c, "Catalogue of events"), Refusals: intake.Explanations()}
	for _, s := range senders {
		for _, t := range typesFrom(s.Family) {
			file, _ := schemas.For(t)
			d, err := schemas.Describe(file)
			if err != nil {
				return err
			}
			purpose, _, _ := strings.Cut(d.Text, " The data of a CloudEvent of type ") // which the list says of each
			s.Types = append(s.Types, typeLine{t, d.Title, purpose})
		}
		p.Senders = append(p.Senders, s)
	}
	return g.page(w, http.StatusOK, "catalogue.html", p)
}

// typesFrom are the types of which there is a schema in a family's folder.
func typesFrom(family string) (types []string) {
	files, err := fs.Glob(schemas.FS(), family+"/*.json")
	if err != nil {
		return nil // the pattern is ours
	}
	for _, f := range files {
		types = append(types, "uk.kith."+family+"."+strings.TrimSuffix(path.Base(f), ".json"))
	}
	return types
}

// catalogueType explains one type.
func (g *Gateway) catalogueType(w http.ResponseWriter, r *http.Request, c *caller) error {
	t := r.PathValue("type")
	file, ok := schemas.For(t)
	if !ok {
		return fault.NotFound
	}
	d, err := schemas.Describe(file)
	if err != nil {
		return err
	}
	p := typePage{base: g.base(c, d.Title), Type: t, Text: d.Text, Schema: "/schemas/" + file, Fields: d.Fields,
		Labels: []events.Label{events.Involvement, events.Core, events.Sensitive, events.Restricted}}
	family := events.Type(t).Family()
	if i := slices.IndexFunc(senders, func(s sender) bool { return s.Family == family }); i >= 0 {
		p.Sender = senders[i].Name
	}
	stem, _, _ := strings.Cut(strings.TrimPrefix(t, "uk.kith."), ".v")
	for _, other := range typesFrom(family) {
		if strings.HasPrefix(other, "uk.kith."+stem+".v") {
			p.Versions = append(p.Versions, other)
		}
	}
	if example, ok := events.Example(events.Type(t)); ok {
		p.Subject = "events." + stem
		if err := g.exemplify(&p, family, example); err != nil {
			return err
		}
	}
	return g.page(w, http.StatusOK, "catalogue-type.html", p)
}

// exemplify shows the golden example, and who would see it by the policies in
// force on the basis that it states.
func (g *Gateway) exemplify(p *typePage, family string, example []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, example, "", "  "); err != nil {
		return err
	}
	var shared struct{ Basis events.Basis }
	if err := json.Unmarshal(example, &shared); err != nil {
		return err
	}
	p.Example, p.Audience = out.String(), g.Gate.Audience(events.AgencyKind(family), shared.Basis)
	return nil
}

// refusal explains one code of a refusal.
func (g *Gateway) refusal(w http.ResponseWriter, r *http.Request, c *caller) error {
	all := intake.Explanations()
	i := slices.IndexFunc(all, func(x intake.Explanation) bool { return x.Code == r.PathValue("code") })
	if i < 0 {
		return fault.NotFound
	}
	return g.page(w, http.StatusOK, "refusal.html", refusalPage{g.base(c, all[i].Title), all[i]})
}

type refusalPage struct {
	base
	Why intake.Explanation
}

// schema serves the very file that events are validated with.
func (g *Gateway) schema(w http.ResponseWriter, r *http.Request, _ *caller) error {
	b, err := fs.ReadFile(schemas.FS(), r.PathValue("file"))
	if err != nil {
		return fault.NotFound
	}
	w.Header().Set("Content-Type", "application/schema+json")
	if strings.HasSuffix(r.PathValue("file"), ".yaml") {
		w.Header().Set("Content-Type", "application/yaml")
	}
	_, err = w.Write(b)
	return err
}

// contractAt leads to where a file lies beside what it refers to.
func contractAt(path string) handler {
	return func(w http.ResponseWriter, r *http.Request, _ *caller) error {
		http.Redirect(w, r, path, http.StatusFound)
		return nil
	}
}
