package disclosure

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"testing"

	"kith/events"
	"kith/services/fault"
)

// way is one way through the gate.
type way struct {
	name string
	ask  func(context.Context, *Gate, events.Reader) (any, error)
}

func ways() []way {
	then := noon().AddDate(0, 0, -6)
	ws := []way{
		{"concern", func(ctx context.Context, g *Gate, r events.Reader) (any, error) { return g.Concern(ctx, r, "C1") }},
		{"concerns", func(ctx context.Context, g *Gate, r events.Reader) (any, error) { return g.Concerns(ctx, r) }},
	}
	for _, p := range purposes() {
		ws = append(ws,
			way{"view for " + string(p), func(ctx context.Context, g *Gate, r events.Reader) (any, error) {
				return g.Child(ctx, r, wren, p, nil)
			}},
			way{"view as known then for " + string(p), func(ctx context.Context, g *Gate, r events.Reader) (any, error) {
				return g.Child(ctx, r, wren, p, &then)
			}},
			way{"search for " + string(p), func(ctx context.Context, g *Gate, r events.Reader) (any, error) {
				return g.Search(ctx, r, events.Query{NHSNumber: "9434765919"}, p)
			}})
	}
	for _, act := range []string{"open", "convene", "attend", "decide", "consent"} {
		ws = append(ws, way{"may " + act, func(ctx context.Context, g *Gate, r events.Reader) (any, error) {
			return nil, g.MayAct(ctx, r, wren, act)
		}})
	}
	return ws
}

// TestTwinWorlds asks the same in a world where the child is hidden and in one
// where there is no such child. Answer, error, what the sources are asked and
// what the ledger says must be the same.
func TestTwinWorlds(t *testing.T) {
	compared := 0
	for _, r := range readers() {
		for _, wy := range ways() {
			for name, hidden := range hiddenFrom(r) {
				absent := &world{}
				gh, ga := hidden.gate(t), absent.gate(t)
				vh, eh := wy.ask(t.Context(), gh, r)
				va, ea := wy.ask(t.Context(), ga, r)
				at := fmt.Sprintf("%s, %s, %s", r.Actor, wy.name, name)
				if eh != ea && !reflect.DeepEqual(eh, ea) || (eh == fault.NotFound) != (ea == fault.NotFound) {
					t.Errorf("%s: %v and %v", at, eh, ea)
				}
				if !reflect.DeepEqual(vh, va) {
					t.Errorf("%s: the answers differ", at)
				}
				if !maps.Equal(hidden.calls, absent.calls) {
					t.Errorf("%s: the sources were asked %v and %v", at, hidden.calls, absent.calls)
				}
				if !reflect.DeepEqual(hidden.ledger, absent.ledger) {
					t.Errorf("%s: the ledgers say %v and %v", at, hidden.ledger, absent.ledger)
				}
				compared++
			}
		}
	}
	if compared < 300 {
		t.Errorf("only %d pairs were compared", compared)
	}
}

// hiddenFrom are worlds in which the child is there and hidden from a reader:
// their agency holds nothing, and they are in no discussion. For the authority
// there is no concern it may know of.
func hiddenFrom(r events.Reader) map[string]*world {
	var others []events.Held
	for _, h := range family().Items {
		_, concern := h.Fact.(events.Concern)
		_, practitioner := h.Fact.(events.PractitionerConcern)
		if h.Agency != r.Agency && !(r.Agency == council && (concern || practitioner)) {
			others = append(others, h)
		}
	}
	guarded := item("x", elmtree, events.Concern{}, caveat(events.OriginatorControlled))
	if r.Agency == elmtree {
		guarded = item("x", police, events.PublicProtectionNotice{}, label(events.Restricted))
	}
	closed := discussion(false)
	closed.Chair, closed.Invited = "somebody", []events.AgencyID{r.Agency}
	over := pictured(others...)
	over.Discussions = []events.Discussion{closed}
	namesake := pictured(others...)
	namesake.Discussions = []events.Discussion{{ID: "d", Chair: r.Actor, Agency: "elsewhere", Open: true}}
	return map[string]*world{
		"items of others":                           {pictures: map[events.ChildID]events.Picture{wren: pictured(others...)}, found: []events.ChildID{wren}},
		"a concern that is guarded":                 {pictures: map[events.ChildID]events.Picture{wren: pictured(guarded)}, found: []events.ChildID{wren}},
		"invited to a discussion that is over":      {pictures: map[events.ChildID]events.Picture{wren: over}, found: []events.ChildID{wren}},
		"a discussion of somebody of the same name": {pictures: map[events.ChildID]events.Picture{wren: namesake}, found: []events.ChildID{wren}},
	}
}

// A concern of one school is hidden from all but the authority.
func TestTwinConcerns(t *testing.T) {
	for _, r := range readers() {
		hidden := &world{concerns: []events.ConcernStatus{{Reference: "C1", Agency: school, Child: wren, Item: "e1"}}}
		absent := &world{}
		_, eh := hidden.gate(t).Concern(t.Context(), r, "C1")
		_, ea := absent.gate(t).Concern(t.Context(), r, "C1")
		if allowed := r.Actor == "dsl" || r.Actor == "socialworker" || r.Actor == "chair"; allowed {
			if eh != nil {
				t.Errorf("%s: %v", r.Actor, eh)
			}
			continue
		}
		if eh != fault.NotFound || ea != fault.NotFound || !maps.Equal(hidden.calls, absent.calls) || !reflect.DeepEqual(hidden.ledger, absent.ledger) {
			t.Errorf("%s: %v %v; asked %v %v", r.Actor, eh, ea, hidden.calls, absent.calls)
		}
	}
}

// Without a record of the read nothing is shown, and nothing says whether there
// was anything.
func TestLedgerDown(t *testing.T) {
	for _, r := range readers() {
		for _, wy := range ways() {
			for name, w := range map[string]*world{"there": here(family()), "absent": {}} {
				w.broken = true
				w.concerns = []events.ConcernStatus{{Reference: "C1", Agency: r.Agency}}
				v, err := wy.ask(t.Context(), w.gate(t), r)
				if w.calls["record"] == 0 {
					continue // refused before anything was looked up, or an act
				}
				if kind(err) != fault.Unavailable {
					t.Errorf("%s, %s, %s: %v", r.Actor, wy.name, name, err)
				}
				if e, ok := v.(Encodable); ok {
					if _, err := e.MarshalJSON(); err == nil {
						t.Errorf("%s, %s, %s: something was shown", r.Actor, wy.name, name)
					}
				}
			}
		}
	}
}
