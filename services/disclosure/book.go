package disclosure

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
)

// restrictionStream is the one stream of who may not know of whom. There is one,
// so that every read can ask it for what is new since the last, and is never
// behind; and so that two people who sign at the same moment are seen in order.
const restrictionStream store.Stream = "restriction-hub"

// book is what follows from that stream. A book never changes: after makes
// another.
type book struct {
	conflicts    map[events.PersonID][]events.ConflictDeclared // in force
	restrictions map[events.RestrictionID]events.RestrictionPlaced
	reviews      map[events.RestrictionID]time.Time // by when the next is due
	lifts        map[events.LiftID]lift
	met          map[events.NoticeID]events.ConflictMet
	glasses      map[events.GlassID]glass
	glassesOf    map[events.ChildID][]events.GlassID
	latest       time.Time // of anything that was recorded
}

// glass is one breaking of the glass, and what governance found.
type glass struct {
	events.GlassBroken
	reviewed *events.GlassReviewed
}

// lift is a wish to lift something, and whether that was done.
type lift struct {
	events.LiftProposed
	done bool
}

// after is the book with some events more.
func (b book) after(es []events.Restriction) book {
	if len(es) == 0 {
		return b
	}
	b.conflicts, b.restrictions, b.reviews = cloned(b.conflicts), cloned(b.restrictions), cloned(b.reviews)
	b.lifts, b.met, b.glasses = cloned(b.lifts), cloned(b.met), cloned(b.glasses)
	b.glassesOf = cloned(b.glassesOf)
	for _, e := range es {
		b.add(e)
	}
	return b
}

func cloned[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

func (b *book) add(e events.Restriction) {
	switch e := e.(type) {
	case events.ConflictDeclared:
		b.conflicts[e.Person] = append(slices.Clone(b.conflicts[e.Person]), e)
		b.at(e.At)
	case events.ConflictMet:
		b.met[e.Notice] = e
		b.at(e.At)
	case events.RestrictionPlaced:
		b.restrictions[e.Restriction], b.reviews[e.Restriction] = e, e.ReviewBy
		b.at(e.At)
	case events.RestrictionReviewed:
		b.reviews[e.Restriction] = e.ReviewBy
		b.at(e.At)
	case events.LiftProposed:
		b.lifts[e.Lift] = lift{LiftProposed: e}
		b.at(e.At)
	case events.LiftApproved:
		b.lifted(b.lifts[e.Lift].LiftProposed)
		b.lifts[e.Lift] = lift{b.lifts[e.Lift].LiftProposed, true}
		b.at(e.At)
	case events.GlassBroken:
		b.glasses[e.Glass] = glass{GlassBroken: e}
		b.glassesOf[e.Child] = append(slices.Clone(b.glassesOf[e.Child]), e.Glass)
		b.at(e.At)
	case events.GlassReviewed:
		b.glasses[e.Glass] = glass{b.glasses[e.Glass].GlassBroken, &e}
		b.at(e.At)
	case events.GlassReason: // lies in a stream of its own
	}
}

// lifted does what was proposed, once it was approved.
func (b *book) lifted(l events.LiftProposed) {
	r, placed := b.restrictions[l.Restriction]
	switch {
	case l.Admit != nil && placed:
		r.Known = append(slices.Clone(r.Known), *l.Admit)
		b.restrictions[r.Restriction] = r
	case placed:
		delete(b.restrictions, r.Restriction)
		delete(b.reviews, r.Restriction)
	}
	for p, cs := range b.conflicts {
		b.conflicts[p] = slices.DeleteFunc(slices.Clone(cs), func(c events.ConflictDeclared) bool { return c.Conflict == l.Conflict })
	}
}

func (b *book) at(t time.Time) {
	if t.After(b.latest) {
		b.latest = t
	}
}

// now is the moment by which is judged: a clock that was put back does not make
// it earlier than what is recorded.
func (b book) now(clock time.Time) time.Time {
	if clock.Before(b.latest) {
		return b.latest
	}
	return clock
}

// written is the newest book that this process knows, and how far it was read.
type written struct {
	book
	revision store.Revision
}

// book reads what is new. What was appended before the call is in it.
func (g *Gate) book(ctx context.Context) (written, error) {
	g.mu.RLock()
	w := g.written
	g.mu.RUnlock()
	if g.Store == nil { // in tests of what has no restrictions
		return w, nil
	}
	var news []events.Restriction
	for e, err := range g.Store.Read(ctx, restrictionStream, w.revision) {
		if err != nil {
			return w, fmt.Errorf("read restrictions: %w", err)
		}
		r, ok := e.Event.(events.Restriction)
		if !ok {
			return w, fmt.Errorf("read restrictions: foreign event %s", e.Type)
		}
		news, w.revision = append(news, r), e.Revision
	}
	if len(news) == 0 {
		return w, nil
	}
	w.book = w.after(news)
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.revision > g.written.revision {
		g.written = w
	}
	return w, nil
}
