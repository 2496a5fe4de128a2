package disclosure

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kith/events"
	"kith/events/store"
	"kith/services/disclosure/policy"
	"kith/services/fault"
)

// somebodyIsAsked follows the reason for which a person has to judge.
const somebodyIsAsked = " Somebody is asked."

// thing is what counts about an item for this reader: also what a young person
// objects to, and what somebody ruled.
func (r *reading) thing(it events.Item) policy.Thing {
	t := policy.Item(it, r.Agency, r.today.Consents, r.now)
	t.Objected = slices.ContainsFunc(r.today.Objections, func(o events.ObjectionRecord) bool {
		return o.Stands(r.now) && o.By == events.ByYoungPerson && (len(o.Partners) == 0 || slices.Contains(o.Partners, r.Agency))
	})
	t.Ruling, _ = r.docket.ruling(r.question(it.ID), store.Position(r.today.Log))
	return t
}

func (r *reading) question(id events.ItemID) question {
	return question{id, r.Agency, r.Role, r.purpose}
}

// refer notes that a person has to judge an item, if nobody is asked yet.
func (r *reading) refer(h events.Held, d policy.Decision) {
	q := r.question(h.ID)
	if _, known := r.docket.ruling(q, 0); known {
		return
	}
	a := events.ReviewAsked{Child: r.today.Child, Item: h.ID, Holder: h.Agency, Label: h.Label, Agency: q.agency, Role: q.role, Purpose: q.purpose,
		For: policiesOf(d.For), Against: policiesOf(d.Grounds)}
	a.Review = events.ReviewID(store.NewEventID(docketStream, q.because(), a.Type(), 0).String())
	r.refers = append(r.refers, a)
}

func policiesOf(gs []events.Grounds) []string {
	ids := []string{}
	for _, g := range gs {
		ids = append(ids, g.Policy)
	}
	return ids
}

func (q question) because() string {
	return strings.Join([]string{"review", string(q.item), string(q.agency), string(q.role), string(q.purpose)}, ":")
}

// ask puts what a read left to people where they find it. The same question is put
// once, however often somebody reads.
func (g *Gate) ask(ctx context.Context, r *reading) error {
	if g.trace != nil || g.Store == nil {
		return nil
	}
	for _, a := range r.refers {
		c := store.Cause{By: r.Actor, For: r.Agency, Purpose: r.purpose, Because: question{a.Item, a.Agency, a.Role, a.Purpose}.because()}
		if _, err := g.Store.Append(ctx, store.Batch{Stream: docketStream, Expect: store.Any, Cause: c, Events: []events.Event{a}}); err != nil {
			return fmt.Errorf("ask somebody to judge: %w", err)
		}
	}
	return nil
}

// latestRuled is how many questions that were answered are listed.
const latestRuled = 50

// Reviews are the questions that a reader may judge, those that wait first: on items
// of their own agency or, for the authority's governance, on all. They tell who asks
// what for and which policies speak, and no content. Others are refused.
func (g *Gate) Reviews(ctx context.Context, r events.Reader) (Disclosed[[]events.ReviewShown], error) {
	var none Disclosed[[]events.ReviewShown]
	if err := signed(r); err != nil {
		return none, err
	}
	rd := g.reading(r, "", "review", events.Picture{}, standing{})
	if !rd.may(policy.Judge, policy.Thing{}) && !rd.may(policy.Judge, policy.Thing{Own: true}) {
		return none, fault.New(fault.Refused, "What policies leave to people is judged by the agency of the item and by the authority’s information governance.")
	}
	as, err := g.unrelated(ctx, r)
	if err != nil {
		return none, err
	}
	var waiting, done []events.ReviewShown
	for _, a := range as {
		switch {
		case !rd.may(policy.Judge, policy.Thing{Own: a.Holder == r.Agency}):
		case len(a.rulings) == 0:
			waiting = append(waiting, a.shown())
		case len(done) < latestRuled:
			done = append(done, a.shown())
		}
	}
	shown := append(append([]events.ReviewShown{}, waiting...), done...)
	if err := g.reasons(ctx, shown); err != nil {
		return none, err
	}
	for _, s := range shown {
		rd.entry.Shown = append(rd.entry.Shown, s.Item)
	}
	if err := g.record(ctx, rd); err != nil {
		return none, err
	}
	return disclose(shown), nil
}

// unrelated are the questions about children with whom the reader has no conflict:
// nobody judges, or learns of, what is asked about their own family.
func (g *Gate) unrelated(ctx context.Context, r events.Reader) ([]asked, error) {
	if err := g.docket.catchUp(ctx, g.Store); err != nil {
		return nil, err
	}
	s, err := g.screen(ctx, r)
	if err != nil {
		return nil, err
	}
	var as []asked
	for _, a := range g.docket.all() {
		hidden, err := s.related(ctx, a.Child)
		if err != nil {
			return nil, err
		}
		if !hidden {
			as = append(as, a)
		}
	}
	return as, nil
}

func (a asked) shown() events.ReviewShown {
	s := events.ReviewShown{ReviewAsked: a.ReviewAsked, AskedAt: a.at}
	if n := len(a.rulings); n > 0 {
		last := a.rulings[n-1]
		s.Ruling, s.RuledBy, s.RuledAt = last.Ruling, last.Agency, &last.at
	}
	return s
}

// reasons adds why somebody ruled as they did, unless the child was erased since.
func (g *Gate) reasons(ctx context.Context, all []events.ReviewShown) error {
	said := map[events.ChildID]map[events.ReviewID]string{}
	for i, s := range all {
		if s.Ruling == "" {
			continue
		}
		if said[s.Child] == nil {
			said[s.Child] = map[events.ReviewID]string{}
			err := g.inWords(ctx, s.Child, func(e events.Event) {
				if w, ok := e.(events.RulingReasoned); ok {
					said[s.Child][w.Review] = w.Reason
				}
			})
			if err != nil {
				return err
			}
		}
		all[i].Reason = said[s.Child][s.Review]
	}
	return nil
}

// RulingForm is what somebody judges.
type RulingForm struct {
	Review events.ReviewID `json:"-"`
	Ruling string          `json:"ruling"`
	Reason string          `json:"reason"`
}

// Rule records what somebody judged, with the reason. It holds from the next read on,
// until somebody judges otherwise. What the reader may not judge is not there.
func (g *Gate) Rule(ctx context.Context, r events.Reader, c store.Cause, f RulingForm) error {
	if err := signed(r); err != nil {
		return err
	}
	as, err := g.unrelated(ctx, r)
	if err != nil {
		return err
	}
	rd := g.reading(r, "", "review", events.Picture{}, standing{})
	i := slices.IndexFunc(as, func(a asked) bool { return a.Review == f.Review })
	if i < 0 || !rd.may(policy.Judge, policy.Thing{Own: as[i].Holder == r.Agency}) {
		return fault.NotFound
	}
	var wrong places
	if f.Ruling != string(policy.Share) && f.Ruling != string(policy.Withhold) {
		wrong.add("ruling", "Say what you decide: share or withhold.")
	}
	wrong.words("reason", f.Reason, "Say why, in words that others can follow.")
	if err := wrong.err(); err != nil {
		return err
	}
	a := as[i]
	return g.inBoth(ctx, c, a.Child, events.ReviewRuled{Review: a.Review, Ruling: f.Ruling, Agency: r.Agency, Role: r.Role},
		events.RulingReasoned{Review: a.Review, Item: a.Item, Ruling: f.Ruling, Reason: strings.TrimSpace(f.Reason)})
}

// inBoth records the one by ids in the hub's stream and the other, in words, in the
// child's.
func (g *Gate) inBoth(ctx context.Context, c store.Cause, child events.ChildID, ids, words events.SharingDecision) error {
	_, err := g.Store.Append(ctx, store.Batch{Stream: sharingStream(child), Expect: store.Any, Cause: c, Events: []events.Event{words}},
		store.Batch{Stream: docketStream, Expect: store.Any, Cause: c, Events: []events.Event{ids}})
	if err != nil {
		return fmt.Errorf("record what was decided: %w", err)
	}
	return nil
}

// words wants a text.
func (p *places) words(pointer, s, missing string) {
	switch {
	case strings.TrimSpace(s) == "":
		p.add(pointer, missing)
	case utf8.RuneCountInString(s) > longestReason:
		p.add(pointer, "Say it in at most 2,000 characters.")
	}
}
