package police

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/services/internal/native"
)

// pole is a submission of Single Online Home in iHub's Standard Data Model: a
// JSON:API document whose root is an incident, around which lie persons, objects
// and locations (POLE). The model grows, so members that we do not know pass.
type pole struct {
	Data     entity         `json:"data"`
	Included []entity       `json:"included"`
	Meta     jsontext.Value `json:"meta"` // what the force adds, as JSON:API allows
}

// entity is a person, an object, a location or an event.
type entity struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Attributes jsontext.Value `json:"attributes"`
	Links      map[string]struct {
		Data []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"data"`
	} `json:"relationships"`
	at string // where it stands
}

// desk is what the force adds to a submission. A skeleton needs it: it names nobody.
type desk struct {
	Revision   int            `json:"revision"` // from 2 on, when it is sent again with changes
	Team       events.Contact `json:"team"`
	Family     *told          `json:"family"`
	ChildVoice *events.Voice  `json:"childVoice"`
	People     []person       `json:"people"`
}

// graph is a submission whose entities can be found by id.
type graph struct {
	root entity
	by   map[string]entity
	all  []entity
}

// readPole returns the graph, in which every link of the incident leads somewhere,
// and what the desk added.
func readPole(raw []byte, f *native.Form) (graph, desk, error) {
	p, err := native.Read[pole](raw)
	if err != nil {
		return graph{}, desk{}, err
	}
	g := graph{root: p.Data, by: map[string]entity{}}
	g.root.at = "/data"
	if p.Data.Type != "incident" {
		f.Wrong("/data/type", "incident: the root of a submission in the Standard Data Model")
	}
	for i, e := range p.Included {
		e.at = "/included/" + strconv.Itoa(i)
		if _, twice := g.by[e.ID]; twice || e.ID == "" {
			f.Wrong(e.at+"/id", "an id that no other entity has")
			continue
		}
		g.by[e.ID] = e
		g.all = append(g.all, e)
	}
	g.dangling(f)
	var d desk
	if len(p.Meta) > 0 {
		d, err = native.Read[desk](p.Meta, json.RejectUnknownMembers(true))
		f.Within("/meta", err)
	}
	return g, d, nil
}

// dangling finds links of the incident to what is not there.
func (g graph) dangling(f *native.Form) {
	for _, name := range sorted(g.root.Links) {
		for i, l := range g.root.Links[name].Data {
			if e, ok := g.by[l.ID]; !ok || e.Type != l.Type {
				f.Wrong(fmt.Sprintf("/data/relationships/%s/data/%d", pointer(name), i), "the id and type of an entity that is in included")
			}
		}
	}
}

// linked are the entities of a type to which an entity is linked by a name.
func (g graph) linked(from entity, typ string, names ...string) (out []entity) {
	for _, name := range names {
		for _, l := range from.Links[name].Data {
			if e, ok := g.by[l.ID]; ok && e.Type == typ {
				out = append(out, e)
			}
		}
	}
	return out
}

// of are all entities of a type, as they stand.
func (g graph) of(typ string) (out []entity) {
	for _, e := range g.all {
		if e.Type == typ {
			out = append(out, e)
		}
	}
	return out
}

// attributes reads the attributes of an entity.
func attributes[T any](f *native.Form, e entity) T {
	raw := e.Attributes
	if len(raw) == 0 {
		raw = jsontext.Value("{}")
	}
	v, err := native.Read[T](raw)
	f.Within(e.at+"/attributes", err)
	return v
}

// pointer escapes a member's name for a JSON pointer. A name that is no plain word
// is the sender's own, and not repeated.
func pointer(name string) string {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "*"
		}
	}
	return name
}

// flag is true or false, also as the text that Single Online Home makes of it.
func flag(f *native.Form, at string, v jsontext.Value) (yes, given bool) {
	switch strings.ToLower(strings.Trim(string(v), `"`)) {
	case "true":
		return true, true
	case "false":
		return false, true
	case "", "null":
		return false, false
	}
	f.Wrong(at, "true or false, or nothing")
	return false, false
}

// years is an age, also as text; -1 is none.
func years(f *native.Form, at string, v jsontext.Value) int {
	text := strings.Trim(string(v), `"`)
	if text == "" || text == "null" {
		return -1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 200 {
		f.Wrong(at, "an age in whole years, 0 to 200, or nothing")
		return -1
	}
	return n
}
