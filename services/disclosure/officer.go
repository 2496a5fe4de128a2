package disclosure

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// Notice tells the privacy officer that there is something to look at, and by
// nothing of it whom it is about or who did it.
type Notice struct {
	Notice   string              `json:"notice"`
	What     string              `json:"what"` // "conflict" or "break-glass"
	At       time.Time           `json:"at"`
	ReviewBy events.Date         `json:"reviewBy,omitempty"`
	Overdue  bool                `json:"overdue"`
	Outcome  events.GlassOutcome `json:"outcome,omitempty"`
}

// NoticeDetail is what a notice refers to.
type NoticeDetail struct {
	Notice
	Actor  events.ActorID    `json:"actor"`
	Agency events.AgencyID   `json:"agency"`
	Role   events.ReaderRole `json:"role,omitempty"`
	Child  events.ChildID    `json:"child,omitempty"`
	Code   events.GlassCode  `json:"code,omitempty"`
	Words  string            `json:"words,omitempty"`
	Case   string            `json:"case,omitempty"`
	Until  *time.Time        `json:"until,omitempty"`

	person events.PersonID
}

// Notices are those that somebody of governance may look into, latest first: of
// their own agency's people, at the authority of everybody's; never of themselves,
// nor about a child with whom they have a conflict.
func (g *Gate) Notices(ctx context.Context, r events.Reader) ([]Notice, error) {
	ds, err := g.notices(ctx, r)
	ns := make([]Notice, 0, len(ds))
	for _, d := range ds {
		ns = append(ns, d.Notice)
	}
	return ns, err
}

// Notice is what one of them refers to. Looking into it is recorded first.
func (g *Gate) Notice(ctx context.Context, r events.Reader, id string) (Disclosed[NoticeDetail], error) {
	var none Disclosed[NoticeDetail]
	ds, err := g.notices(ctx, r)
	if err != nil {
		return none, err
	}
	i := slices.IndexFunc(ds, func(d NoticeDetail) bool { return d.Notice.Notice == id })
	if i < 0 {
		return none, fault.NotFound
	}
	d := ds[i]
	if d.What == "break-glass" {
		if err := g.addReason(ctx, &d); err != nil {
			return none, err
		}
	}
	rd := g.reading(r, events.PurposeAudit, "notice", events.Picture{}, standing{})
	rd.entry.Child = d.Child
	if err := g.record(ctx, rd); err != nil {
		return none, err
	}
	return disclose(d), nil
}

func (g *Gate) notices(ctx context.Context, r events.Reader) ([]NoticeDetail, error) {
	if err := g.mayGovern(r, ""); err != nil {
		return nil, err
	}
	s, err := g.screen(ctx, r)
	if err != nil {
		return nil, err
	}
	var ds []NoticeDetail
	for _, d := range s.book.noticed(events.Date(s.book.now(g.Now()).Format(time.DateOnly))) {
		if d.person == g.person(r) || d.Agency != r.Agency && r.Agency != g.Authority {
			continue
		}
		if hidden, err := s.related(ctx, d.Child); err != nil {
			return nil, err
		} else if !hidden {
			ds = append(ds, d)
		}
	}
	return ds, nil
}

// noticed is all that there is to look at, latest first.
func (b book) noticed(today events.Date) (ds []NoticeDetail) {
	for _, m := range b.met {
		ds = append(ds, NoticeDetail{Notice: Notice{Notice: string(m.Notice), What: "conflict", At: m.At},
			Actor: m.Actor, Agency: m.Agency, Child: m.Child, person: m.Person})
	}
	for _, x := range b.glasses {
		d := NoticeDetail{Notice: Notice{Notice: string(x.Glass), What: "break-glass", At: x.At, ReviewBy: x.ReviewBy, Overdue: x.reviewed == nil && x.ReviewBy < today},
			Actor: x.By.Actor, Agency: x.By.Agency, Role: x.By.Role, Child: x.Child, Code: x.Code, Until: &x.Until, person: x.By.Person}
		if x.reviewed != nil {
			d.Outcome = x.reviewed.Outcome
		}
		ds = append(ds, d)
	}
	slices.SortFunc(ds, func(a, b NoticeDetail) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Notice.Notice, b.Notice.Notice))
	})
	return ds
}

// addReason adds what was written, as long as its key is there.
func (g *Gate) addReason(ctx context.Context, d *NoticeDetail) error {
	for e, err := range g.Store.Read(ctx, glassStream(d.Child), 0) {
		if errors.Is(err, store.ErrKeyGone) {
			return nil
		}
		if err != nil {
			return wrapped(err)
		}
		if w, ok := e.Event.(events.GlassReason); ok && string(w.Glass) == d.Notice.Notice {
			d.Words, d.Case = w.Words, w.Case
		}
	}
	return nil
}

// RestrictionStatus is a restriction as those see it who may know of the child.
type RestrictionStatus struct {
	Restriction events.RestrictionID       `json:"restriction"`
	Child       events.ChildID             `json:"child"`
	Category    events.RestrictionCategory `json:"category"`
	Known       []events.Account           `json:"known"`
	PlacedAt    time.Time                  `json:"placedAt"`
	ReviewBy    time.Time                  `json:"reviewBy"`
	Overdue     bool                       `json:"overdue"`
	Lifts       []LiftStatus               `json:"lifts"`
}

// ConflictStatus is a conflict as governance sees it: not whom it is about.
type ConflictStatus struct {
	Conflict   events.ConflictID `json:"conflict"`
	Agency     events.AgencyID   `json:"agency"`
	Relation   events.Relation   `json:"relation"`
	DeclaredAt time.Time         `json:"declaredAt"`
	Lifts      []LiftStatus      `json:"lifts"`
}

// LiftStatus is a wish that waits for the second of two people.
type LiftStatus struct {
	Lift         events.LiftID     `json:"lift"`
	Admit        *events.Account   `json:"admit,omitempty"`
	Agency       events.AgencyID   `json:"agency"` // of the first
	Role         events.ReaderRole `json:"role"`
	ProposedAt   time.Time         `json:"proposedAt"`
	From         time.Time         `json:"from"`  // when the second may approve
	Until        time.Time         `json:"until"` // by when
	DangerToLife bool              `json:"dangerToLife"`
}

// Restrictions are the restrictions and conflicts of which the reader may know,
// those first that are to be reviewed first. That they asked is recorded first,
// whatever there is.
func (g *Gate) Restrictions(ctx context.Context, r events.Reader) ([]RestrictionStatus, []ConflictStatus, error) {
	if err := signed(r); err != nil {
		return nil, nil, err
	}
	w, err := g.book(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := w.now(g.Now())
	rs, cs := []RestrictionStatus{}, []ConflictStatus{}
	for id, x := range w.restrictions {
		s, err := g.signing(ctx, r, id)
		if err != nil {
			return nil, nil, err
		}
		if w.knows(s, x) {
			rs = append(rs, RestrictionStatus{x.Restriction, x.Child, x.Category, x.Known, x.At, w.reviews[id], w.reviews[id].Before(now),
				w.waiting(now, func(l lift) bool { return l.Restriction == id })})
		}
	}
	for _, of := range w.conflicts {
		for _, c := range of {
			if r.Role == events.RoleGovernance && w.governs(signer{Signatory: g.signatory(r), of: g.Authority}, c.Conflict) {
				cs = append(cs, ConflictStatus{c.Conflict, c.Agency, c.Relation, c.At, w.waiting(now, func(l lift) bool { return l.Conflict == c.Conflict })})
			}
		}
	}
	if err := g.record(ctx, g.reading(r, events.PurposeAudit, "restrictions", events.Picture{}, standing{})); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(rs, func(a, b RestrictionStatus) int { return a.ReviewBy.Compare(b.ReviewBy) })
	slices.SortFunc(cs, func(a, b ConflictStatus) int { return a.DeclaredAt.Compare(b.DeclaredAt) })
	return rs, cs, nil
}

func (b book) waiting(now time.Time, of func(lift) bool) []LiftStatus {
	ls := []LiftStatus{}
	for _, l := range b.lifts {
		if l.done || !of(l) || now.After(l.At.Add(liftLapses)) {
			continue
		}
		from := l.At.Add(coolingPeriod)
		if l.DangerToLife {
			from = l.At
		}
		ls = append(ls, LiftStatus{l.Lift, l.Admit, l.By.Agency, l.By.Role, l.At, from, l.At.Add(liftLapses), l.DangerToLife})
	}
	slices.SortFunc(ls, func(a, b LiftStatus) int { return a.ProposedAt.Compare(b.ProposedAt) })
	return ls
}

// rate counts views of children and those that rested on a broken glass.
type rate struct{ all, glass atomic.Int64 }

func (r *rate) count(glass bool) {
	r.all.Add(1)
	if glass {
		r.glass.Add(1)
	}
}

// GlassRate is how many views of a child this hub showed since it started, and how
// many of them rested on a broken glass.
type GlassRate struct {
	Views int64 `json:"views"`
	Glass int64 `json:"glass"`
	Alarm bool  `json:"alarm"` // at two in a hundred
}

// GlassRate is published: an exception that is taken too often is none.
func (g *Gate) GlassRate() GlassRate {
	r := GlassRate{Views: g.views.all.Load(), Glass: g.views.glass.Load()}
	r.Alarm = r.Glass > 0 && r.Glass*50 >= r.Views
	return r
}
