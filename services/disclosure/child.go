package disclosure

import (
	"context"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
)

// Child is the view of a child for one reader and purpose, as it is now or, if
// asKnownAt is given, as the hub knew it at that moment. Who may see what is
// decided as of now in both cases, and so is which consent is in force.
func (g *Gate) Child(ctx context.Context, r events.Reader, child events.ChildID, p events.Purpose, asKnownAt *time.Time) (Disclosed[events.Shown], error) {
	var none Disclosed[events.Shown]
	asked := time.Now()
	if err := stated(r, p, asKnownAt, g.Now()); err != nil {
		return none, err
	}
	today, b, err := g.picture(ctx, r, child, nil)
	if err != nil {
		return none, err
	}
	then := today
	if asKnownAt != nil {
		if then, _, err = g.picture(ctx, r, child, asKnownAt); err != nil {
			return none, err
		}
	}
	if err := g.docket.catchUp(ctx, g.Store); err != nil {
		return none, err
	}
	rd := g.reading(r, p, "view", today, b)
	rd.entry.AsKnownAt = asKnownAt
	if !rd.may(policy.Open, policy.Thing{}) {
		return none, g.miss(ctx, rd, asked)
	}
	if rd.regime, err = g.law(ctx, then); err != nil {
		return none, err
	}
	v := rd.show(then)
	rd.about(child)
	if err := g.ask(ctx, rd); err != nil {
		return none, err
	}
	if err := g.record(ctx, rd); err != nil {
		return none, err
	}
	g.views.count(b.glass != "")
	return disclose(v), nil
}

// verdict is what was decided on items of one sort.
type verdict struct{ know, see policy.Decision }

// show is what of a picture the reader may see. It notes in the entry what that
// is, and how much it is not.
func (r *reading) show(p events.Picture) events.Shown {
	v := events.Shown{
		Child: r.today.Child, Purpose: r.purpose, AsKnownAt: p.AsKnownAt, Policy: r.entry.Policy,
		Items: make([]events.ShownItem, 0, len(p.Items)), Discussions: r.discussions(p.Discussions), Consents: r.consents(p.Consents),
	}
	v.Clocks = r.clocks(p.Clocks, v.Discussions)
	r.seen.kept = r.seen.kept || len(v.Discussions) > 0
	sorts := map[policy.Thing]verdict{}
	var who involvement
	var kept withholding
	for _, h := range p.Items {
		t := r.thing(h.Item)
		is, met := sorts[t]
		if !met {
			is = verdict{know: r.brief(policy.Know, t), see: r.brief(policy.See, t)}
			sorts[t] = is
		}
		r.traced(h, t, is)
		if is.know.Allow {
			who.add(r.agencies, h, is.know.Grounds)
		}
		if !is.see.Allow {
			if is.see.Review && is.know.Allow {
				r.refer(h, is.see)
			}
			r.withhold(&kept, h.Agency, t, is.know.Allow)
			continue
		}
		h.Person = r.person(&kept, h, t, is.know.Allow)
		v.Items = append(v.Items, events.ShownItem{Held: h, Grounds: r.duty(h, is.see.Grounds)})
		r.shows(h.Item)
	}
	v.Agencies, v.Withheld = who.list(), kept.list()
	return v
}

// withhold says of an item that it is withheld, as far as that may be told.
func (r *reading) withhold(kept *withholding, a events.AgencyID, t policy.Thing, known bool) {
	r.entry.Withheld++
	if known {
		see := r.decide(policy.See, t)
		if see.Review {
			see.Reason += somebodyIsAsked
		}
		kept.add(a, "item", see)
	} else if ask := r.brief(policy.Ask, t); ask.Allow {
		kept.add(a, "item", ask)
	}
}

// person is the child as an item describes them, without an address that this
// reader may not see. Only the authority is told that there is one.
func (r *reading) person(kept *withholding, h events.Held, t policy.Thing, known bool) events.Person {
	p := h.Person
	if p.Address == nil {
		return p
	}
	at := policy.Address(t, *p.Address)
	if r.may(policy.See, at) {
		return p
	}
	p.Address = nil
	r.entry.Withheld++
	if known && r.who.Authority {
		see := r.decide(policy.See, at)
		if at.Guarded {
			see.Reason = "protected"
		}
		kept.add(h.Agency, "address", see)
	}
	return p
}
