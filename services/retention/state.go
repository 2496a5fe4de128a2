package retention

import (
	"slices"
	"time"

	"kith/events"
)

// state is what was decided about one child, or about one person who is part of
// none: its erasures and its holds, oldest first.
type state struct {
	Erasures []Erasure `json:"erasures,omitempty"`
	Holds    []Hold    `json:"holds,omitempty"`
}

// Stage is how far an erasure is.
type Stage string

const (
	Asked      Stage = "asked"       // a second person has to confirm it
	Pending    Stage = "pending"     // hidden; destroyed on the day it is due
	Withdrawn  Stage = "withdrawn"   // it was cancelled before anybody confirmed it
	Cancelled  Stage = "cancelled"   // being undone
	Undone     Stage = "undone"      // all is as it was
	Begun      Stage = "begun"       // being carried out: it cannot be taken back
	CarriedOut Stage = "carried-out" // nothing is left but this
)

// Erasure is an erasure as it stands. It names nobody and quotes nothing.
type Erasure struct {
	ID          events.ErasureID     `json:"erasure"`
	Stage       Stage                `json:"stage"`
	Whom        events.Whom          `json:"whom"`
	Why         events.ErasureReason `json:"why"`
	Reference   string               `json:"reference"`
	AskedBy     events.Decider       `json:"askedBy"`
	AskedAt     time.Time            `json:"askedAt"`
	ConfirmedBy *events.Decider      `json:"confirmedBy,omitempty"`
	ConfirmedAt *time.Time           `json:"confirmedAt,omitempty"`
	Due         *time.Time           `json:"due,omitempty"`
	Subjects    []events.SubjectID   `json:"subjects,omitempty"`
	Child       events.ChildID       `json:"child,omitempty"` // the whole of which is erased
	Kept        int                  `json:"kept,omitempty"`
	CancelledBy *events.Decider      `json:"cancelledBy,omitempty"`
	EndedAt     *time.Time           `json:"endedAt,omitempty"` // cancelled, or carried out
	Keys        int                  `json:"keys,omitempty"`
	Stores      []string             `json:"stores,omitempty"`
	Held        bool                 `json:"held,omitempty"` // a hold keeps it from being carried out
}

// open tells whether something is still to be done about it.
func (e Erasure) open() bool {
	return e.Stage == Asked || e.Stage == Pending || e.Stage == Cancelled || e.Stage == Begun
}

// Hold is a legal hold as it stands.
type Hold struct {
	ID          events.HoldID      `json:"hold"`
	Whom        events.Whom        `json:"whom"`
	Why         events.HoldReason  `json:"why"`
	Reference   string             `json:"reference"`
	PlacedBy    events.Decider     `json:"placedBy"`
	PlacedAt    time.Time          `json:"placedAt"`
	Subjects    []events.SubjectID `json:"subjects,omitempty"`
	LiftAskedBy *events.Decider    `json:"liftAskedBy,omitempty"`
	LiftedBy    *events.Decider    `json:"liftedBy,omitempty"`
	LiftedAt    *time.Time         `json:"liftedAt,omitempty"`
}

// Stands tells whether the hold was not lifted.
func (h Hold) Stands() bool { return h.LiftedBy == nil }

func evolve(s state, e events.Retention) state {
	switch e := e.(type) {
	case events.ErasureAsked:
		return state{append(slices.Clone(s.Erasures), Erasure{ID: e.Erasure, Stage: Asked, Whom: e.Whom, Why: e.Why, Reference: e.Reference, AskedBy: e.By}), s.Holds}
	case events.ErasureConfirmed:
		return s.erasure(e.Erasure, func(x *Erasure) {
			x.Stage, x.ConfirmedBy, x.Due, x.Subjects, x.Child, x.Kept = Pending, &e.By, &e.Due, e.Subjects, e.Child, e.Kept
		})
	case events.ErasureCancelled:
		return s.erasure(e.Erasure, func(x *Erasure) {
			x.CancelledBy = &e.By
			if x.Stage = Cancelled; x.ConfirmedBy == nil {
				x.Stage = Withdrawn
			}
		})
	case events.ErasureUndone:
		return s.erasure(e.Erasure, func(x *Erasure) { x.Stage = Undone })
	case events.ErasureBegun:
		return s.erasure(e.Erasure, func(x *Erasure) { x.Stage = Begun })
	case events.ErasureCarriedOut:
		return s.erasure(e.Erasure, func(x *Erasure) { x.Stage, x.Keys, x.Stores = CarriedOut, e.Keys, e.Stores })
	case events.HoldPlaced:
		return state{s.Erasures, append(slices.Clone(s.Holds), Hold{ID: e.Hold, Whom: e.Whom, Why: e.Why, Reference: e.Reference, PlacedBy: e.By, Subjects: e.Subjects})}
	case events.HoldLiftAsked:
		return s.hold(e.Hold, func(h *Hold) { h.LiftAskedBy = &e.By })
	case events.HoldLifted:
		return s.hold(e.Hold, func(h *Hold) { h.LiftedBy = &e.By })
	}
	return s
}

// erasure is s with one of them changed; s itself stays as it is.
func (s state) erasure(id events.ErasureID, change func(*Erasure)) state {
	s.Erasures = slices.Clone(s.Erasures)
	for i := range s.Erasures {
		if s.Erasures[i].ID == id {
			change(&s.Erasures[i])
		}
	}
	return s
}

func (s state) hold(id events.HoldID, change func(*Hold)) state {
	s.Holds = slices.Clone(s.Holds)
	for i := range s.Holds {
		if s.Holds[i].ID == id {
			change(&s.Holds[i])
		}
	}
	return s
}

func (s state) find(id events.ErasureID) (Erasure, bool) {
	i := slices.IndexFunc(s.Erasures, func(e Erasure) bool { return e.ID == id })
	if i < 0 {
		return Erasure{}, false
	}
	return s.Erasures[i], true
}

func (s state) findHold(id events.HoldID) (Hold, bool) {
	i := slices.IndexFunc(s.Holds, func(h Hold) bool { return h.ID == id })
	if i < 0 {
		return Hold{}, false
	}
	return s.Holds[i], true
}

// held tells whether a hold that stands is about any of the same. Of two parts of
// one child that are named in different ways it is taken for granted.
func (s state) held(w events.Whom) bool {
	return slices.ContainsFunc(s.Holds, func(h Hold) bool { return h.Stands() && overlap(h.Whom, w) })
}

func overlap(a, b events.Whom) bool {
	switch {
	case whole(a) || whole(b):
		return true
	case a.Agency != "" && b.Agency != "":
		return a.Agency == b.Agency
	case a.Subject != "" && b.Subject != "":
		return a.Subject == b.Subject
	}
	return true
}

func whole(w events.Whom) bool { return w.Agency == "" && w.Subject == "" }
