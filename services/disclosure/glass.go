package disclosure

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// glassOpen is for how long somebody sees what they broke the glass for.
const glassOpen = 4 * time.Hour

// longestCase is how long the reference of a case may be, in characters.
const longestCase = 100

// GlassForm breaks the glass: it opens a child in an emergency to somebody whom
// nothing connects to the child.
type GlassForm struct {
	Child events.ChildID // or whom a query names exactly
	Query events.Query
	Code  events.GlassCode
	Words string
	Case  string
}

// BreakGlass opens a child to the reader for four hours, as if they took part in
// an open strategy discussion. It never opens one with whom they have a conflict,
// nor one restricted for adoption, a new identity or witness protection: those are
// fault.NotFound, like a child that is not there. Every attempt is recorded, told
// to governance by reference, and to be reviewed in two working days.
func (g *Gate) BreakGlass(ctx context.Context, r events.Reader, c store.Cause, f GlassForm) (events.GlassID, events.ChildID, error) {
	if err := g.mayBreak(r); err != nil {
		return "", "", err
	}
	if err := checkGlass(f); err != nil {
		return "", "", err
	}
	child, err := g.toOpen(ctx, r, f)
	if err != nil {
		return "", "", err
	}
	e := events.GlassBroken{Child: child, Code: f.Code, By: g.signatory(r)}
	e.Glass = events.GlassID(named(c, e))
	if err := g.reason(ctx, c, child, events.GlassReason{Glass: e.Glass, Words: f.Words, Case: f.Case}); err != nil {
		return "", "", err
	}
	rd := g.reading(r, events.PurposeSection47, "break-glass", events.Picture{}, standing{})
	rd.entry.Child = child
	if err := g.record(ctx, rd); err != nil {
		return "", "", err
	}
	if err := g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.smash(e, g.Now(), g.reviewDay) }); err != nil {
		return "", "", err
	}
	if child == "" {
		return e.Glass, "", fault.NotFound
	}
	return e.Glass, child, nil
}

// mayBreak: those whom an open strategy discussion would show something.
func (g *Gate) mayBreak(r events.Reader) error {
	if err := signed(r); err != nil {
		return err
	}
	switch _, member := g.register()[r.Agency]; {
	case member && (r.Role == events.RolePractitioner || r.Role == events.RoleSocialWorker || r.Role == events.RoleChair):
		return nil
	default:
		return fault.New(fault.Refused, "Breaking the glass is for practitioners, social workers and chairs. In an emergency ring the authority’s duty desk.")
	}
}

func checkGlass(f GlassForm) error {
	var wrong places
	switch f.Code {
	case events.GlassDanger, events.GlassMissing, events.GlassOutOfHours, events.GlassOther:
	default:
		wrong.add("code", "Say what the emergency is: immediate-danger, missing-child, out-of-hours-duty or other.")
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(f.Words)); n == 0 || n > longestReason {
		wrong.add("words", "Say why you have to look now, in at most 2,000 characters.")
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(f.Case)); n == 0 || n > longestCase {
		wrong.add("case", "Give the reference of the case or incident at your own agency.")
	}
	if f.Child == "" && f.Query == (events.Query{}) {
		wrong.add("nhsNumber", "Say which child: an NHS number, a unique pupil number, or a name with the date of birth.")
	}
	return wrong.err()
}

// toOpen is the one child that is meant and may be opened like this, or "".
func (g *Gate) toOpen(ctx context.Context, r events.Reader, f GlassForm) (events.ChildID, error) {
	ids := []events.ChildID{f.Child}
	if f.Child == "" {
		var err error
		if ids, err = g.Sources.Find(ctx, f.Query); err != nil {
			return "", fmt.Errorf("search: %w", err)
		}
	}
	child := nobody
	if len(ids) == 1 {
		child = ids[0]
	}
	p, err := g.Sources.Picture(ctx, child, nil)
	if err != nil && !absent(err) {
		return "", fmt.Errorf("picture to decide on: %w", err)
	}
	p.Child = child
	w, err := g.book(ctx)
	if err != nil {
		return "", err
	}
	related, err := g.related(ctx, w.conflicts[g.person(r)], p)
	if related {
		g.tell(ctx, w.book, r, child)
	}
	if err != nil || related || len(p.Subjects) == 0 || w.closed(r, child, p.Subjects, true) {
		return "", err
	}
	return child, nil
}

// breakable reports whether an emergency outweighs a restriction.
func breakable(c events.RestrictionCategory) bool {
	return c == events.ForHighRisk || c == events.ForStaffKin
}

func (b book) smash(e events.GlassBroken, clock time.Time, reviewDay func(time.Time) events.Date) ([]events.Restriction, error) {
	if _, before := b.glasses[e.Glass]; before {
		return nil, nil // the same request again
	}
	e.At = b.now(clock)
	e.Until, e.ReviewBy = e.At.Add(glassOpen), reviewDay(e.At)
	return []events.Restriction{e}, nil
}

// broken names the glass that the reader broke for a child, while it is open.
func (b book) broken(r events.Reader, child events.ChildID, clock time.Time) events.GlassID {
	now := b.now(clock)
	for _, id := range b.glassesOf[child] {
		x := b.glasses[id]
		mine := x.By.Actor == r.Actor && x.By.Agency == r.Agency && x.By.Role == r.Role
		misused := x.reviewed != nil && x.reviewed.Outcome == events.GlassMisused
		if child != "" && mine && !misused && now.Before(x.Until) {
			return id
		}
	}
	return ""
}

// reason keeps what was written, apart from the restrictions and under a key of
// the child's.
func (g *Gate) reason(ctx context.Context, c store.Cause, child events.ChildID, e events.GlassReason) error {
	_, err := g.Store.Append(ctx, store.Batch{Stream: glassStream(child), Expect: store.Any, Cause: c, Events: []events.Event{e}})
	if err != nil {
		return fmt.Errorf("keep the reason for breaking the glass: %w", err)
	}
	return nil
}

func glassStream(child events.ChildID) store.Stream {
	return "glass-" + store.Stream(cmp.Or(child, nobody))
}

func (g *Gate) reviewDay(t time.Time) events.Date {
	if g.ReviewDay != nil {
		return g.ReviewDay(t)
	}
	return events.Date(t.AddDate(0, 0, 2).Format(time.DateOnly))
}

// ReviewGlass records what governance found, which is somebody else than who broke
// the glass. What was misused is closed at once.
func (g *Gate) ReviewGlass(ctx context.Context, r events.Reader, c store.Cause, id events.GlassID, o events.GlassOutcome) error {
	if err := g.mayGovern(r, ""); err != nil {
		return err
	}
	switch o {
	case events.GlassJustified, events.GlassNotNeeded, events.GlassMisused:
	default:
		return fault.New(fault.Invalid, "Say what you found: justified, not-needed or misused.")
	}
	s := signer{Signatory: g.signatory(r), of: g.Authority}
	return g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.judge(s, id, o, g.Now()) })
}

func (b book) judge(s signer, id events.GlassID, o events.GlassOutcome, clock time.Time) ([]events.Restriction, error) {
	x, ok := b.glasses[id]
	switch {
	case !ok || !s.authority() && x.By.Agency != s.Agency || x.By.Person == s.Person:
		return nil, fault.NotFound
	case x.reviewed != nil && x.reviewed.Outcome == o:
		return nil, nil
	case x.reviewed != nil:
		return nil, fault.New(fault.Conflict, "It was reviewed before.")
	}
	return []events.Restriction{events.GlassReviewed{Glass: id, Outcome: o, By: s.Signatory, At: b.now(clock)}}, nil
}
