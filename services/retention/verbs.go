package retention

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// EraseForm asks for an erasure.
type EraseForm struct {
	Child     events.ChildID       `json:"child"`
	Agency    events.AgencyID      `json:"agency,omitempty"`
	Subject   events.SubjectID     `json:"subject,omitempty"`
	Why       events.ErasureReason `json:"why"`
	Reference string               `json:"reference"`
}

// HoldForm asks for a hold.
type HoldForm struct {
	Child     events.ChildID    `json:"child"`
	Agency    events.AgencyID   `json:"agency,omitempty"`
	Subject   events.SubjectID  `json:"subject,omitempty"`
	Why       events.HoldReason `json:"why"`
	Reference string            `json:"reference"`
}

// Reasons are the classes of reasons for an erasure.
func Reasons() []events.ErasureReason {
	return []events.ErasureReason{events.RetentionExpired, events.WrongChild, events.Unlawful, events.SubjectsRight, events.Decommissioning}
}

// HoldReasons are those for a hold.
func HoldReasons() []events.HoldReason {
	return []events.HoldReason{events.HoldCourt, events.HoldPolice, events.HoldInquiry, events.HoldReview, events.HoldComplaint}
}

// Ask asks for an erasure on behalf of whoever the cause names. Nothing changes
// until somebody else confirms it.
func (s *Service) Ask(ctx context.Context, c store.Cause, role events.ReaderRole, f EraseForm) (events.ErasureID, error) {
	w := events.Whom{Child: f.Child, Agency: f.Agency, Subject: f.Subject}
	if err := check(w, f.Reference, slices.Contains(Reasons(), f.Why)); err != nil {
		return "", err
	}
	anchor, ids, err := s.about(ctx, w)
	if err == nil && len(ids) == 0 {
		err = fault.NotFound
	}
	if err != nil {
		return "", err
	}
	e := events.ErasureAsked{Whom: w, Why: f.Why, Reference: f.Reference, By: decider(c, role)}
	e.Erasure = events.ErasureID(newID(anchor, c, e.Type()))
	return e.Erasure, s.transact(ctx, anchor, c, func(st state) (decision, error) { return ask(st, e) })
}

// Confirm is the second person's word. When it returns, what it is about is hidden.
func (s *Service) Confirm(ctx context.Context, c store.Cause, role events.ReaderRole, id events.ErasureID) error {
	all, anchor, x, err := s.erasure(ctx, id)
	if err != nil {
		return err
	}
	sc, err := s.scopeOf(ctx, x.Whom)
	if err != nil {
		return err
	}
	e := events.ErasureConfirmed{Erasure: id, By: decider(c, role), Due: s.Now().Add(s.PendingFor).UTC(), Subjects: sc.subjects, Child: sc.child, Kept: sc.kept}
	elsewhere := holds(all, anchor, sc.subjects)
	if err := s.transact(ctx, anchor, c, func(st state) (decision, error) { return confirm(st, e, elsewhere) }); err != nil {
		return err
	}
	return s.hideAll(ctx)
}

// Cancel takes an erasure back while that is possible. When it returns, what was
// hidden can be read again.
func (s *Service) Cancel(ctx context.Context, c store.Cause, role events.ReaderRole, id events.ErasureID, reference string) error {
	if err := checkReference(reference); err != nil {
		return err
	}
	_, anchor, _, err := s.erasure(ctx, id)
	if err != nil {
		return err
	}
	e := events.ErasureCancelled{Erasure: id, Reference: reference, By: decider(c, role)}
	if err := s.transact(ctx, anchor, c, func(st state) (decision, error) { return cancel(st, e) }); err != nil {
		return err
	}
	return s.Tick(ctx)
}

// Place puts a legal hold on something. One person is enough. What is being erased
// stays hidden, and is not destroyed while the hold stands.
func (s *Service) Place(ctx context.Context, c store.Cause, role events.ReaderRole, f HoldForm) (events.HoldID, error) {
	w := events.Whom{Child: f.Child, Agency: f.Agency, Subject: f.Subject}
	if err := check(w, f.Reference, slices.Contains(HoldReasons(), f.Why)); err != nil {
		return "", err
	}
	anchor, ids, err := s.about(ctx, w)
	if err == nil && len(ids) == 0 {
		err = fault.NotFound
	}
	if err != nil {
		return "", err
	}
	e := events.HoldPlaced{Whom: w, Why: f.Why, Reference: f.Reference, By: decider(c, role), Subjects: ids}
	e.Hold = events.HoldID(newID(anchor, c, e.Type()))
	return e.Hold, s.transact(ctx, anchor, c, func(st state) (decision, error) { return place(st, e) })
}

// Lift asks that a hold be lifted or, where another person in another role asked
// before, lifts it.
func (s *Service) Lift(ctx context.Context, c store.Cause, role events.ReaderRole, id events.HoldID, reference string) error {
	if err := checkReference(reference); err != nil {
		return err
	}
	all, err := s.known(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(a about) bool { _, ok := a.findHold(id); return ok })
	if i < 0 {
		return fault.NotFound
	}
	e := events.HoldLiftAsked{Hold: id, Reference: reference, By: decider(c, role)}
	if err := s.transact(ctx, all[i].anchor, c, func(st state) (decision, error) { return lift(st, e) }); err != nil {
		return err
	}
	return s.Tick(ctx)
}

// Standing is what was decided, newest first.
type Standing struct {
	Erasures []Erasure `json:"erasures"`
	Holds    []Hold    `json:"holds"`

	Due []Proposal `json:"due"` // whose time is over, as of the last look, once a day
}

// List is everything that was decided, with what holds what.
func (s *Service) List(ctx context.Context) (Standing, error) {
	all, err := s.known(ctx)
	st := Standing{Erasures: []Erasure{}, Holds: []Hold{}, Due: []Proposal{}}
	if due := s.due.Load(); due != nil {
		st.Due = undecided(*due, all)
	}
	for _, a := range all {
		for _, e := range a.Erasures {
			e.Held = e.open() && (a.held(e.Whom) || holds(all, a.anchor, e.Subjects))
			st.Erasures = append(st.Erasures, e)
		}
		st.Holds = append(st.Holds, a.Holds...)
	}
	slices.SortStableFunc(st.Erasures, func(a, b Erasure) int { return b.AskedAt.Compare(a.AskedAt) })
	slices.SortStableFunc(st.Holds, func(a, b Hold) int { return b.PlacedAt.Compare(a.PlacedAt) })
	return st, err
}

// known is all that was decided, with all that was decided before.
func (s *Service) known(ctx context.Context) ([]about, error) {
	if err := s.caughtUp(ctx); err != nil {
		return nil, err
	}
	return s.all(ctx)
}

func (s *Service) erasure(ctx context.Context, id events.ErasureID) (all []about, anchor string, e Erasure, err error) {
	if all, err = s.known(ctx); err != nil {
		return nil, "", e, err
	}
	for _, a := range all {
		if e, ok := a.find(id); ok {
			return all, a.anchor, e, nil
		}
	}
	return nil, "", e, fault.NotFound
}

// about says in whose record something is decided, and on which subjects. Of what
// is hidden only that record knows.
func (s *Service) about(ctx context.Context, w events.Whom) (anchor string, ids []events.SubjectID, err error) {
	all, err := s.known(ctx)
	if err != nil {
		return "", nil, err
	}
	for _, a := range all {
		for _, e := range a.Erasures {
			if e.open() && overlap(e.Whom, w) && (w.Child != "" && e.Whom.Child == w.Child || w.Subject != "" && slices.Contains(e.Subjects, w.Subject)) {
				anchor, ids = a.anchor, slices.Concat(ids, e.Subjects)
			}
		}
	}
	if named, err := s.named(ctx, w); err == nil && w.Subject == "" {
		ids = slices.Concat(ids, named)
	} else if err != nil {
		return "", nil, err
	}
	if w.Child != "" {
		return string(w.Child), ids, nil
	}
	child, linked, err := s.ChildOf(ctx, w.Subject)
	if err != nil {
		return "", nil, err
	}
	if linked {
		anchor = string(child)
	}
	if !linked && len(ids) == 0 && !s.exists(ctx, w.Subject) {
		return "", nil, nil
	}
	return cmp.Or(anchor, string(w.Subject)), []events.SubjectID{w.Subject}, nil
}

// exists tells whether anything can be read of a subject.
func (s *Service) exists(ctx context.Context, id events.SubjectID) (yes bool) {
	err := s.items(ctx, id, func(events.Item) { yes = true })
	return yes && err == nil
}

func (s *Service) transact(ctx context.Context, anchor string, c store.Cause, f func(state) (decision, error)) error {
	_, err := store.Transact(ctx, s.Store, store.Stream(prefix+anchor), c, evolve, f)
	return err
}

func decider(c store.Cause, role events.ReaderRole) events.Decider {
	return events.Decider{Actor: c.By, Agency: c.For, Role: role}
}

func newID(anchor string, c store.Cause, t events.Type) string {
	return store.NewEventID(store.Stream(prefix+anchor), c.Because, t, 0).String()
}

func shares(a, b []events.SubjectID) bool {
	return slices.ContainsFunc(a, func(id events.SubjectID) bool { return slices.Contains(b, id) })
}

// A reference names where the reasons are written down; it is no place for them.
var reference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./-]{1,39}$`)

func check(w events.Whom, ref string, reason bool) error {
	var at []fault.Place
	if (w.Child == "") == (w.Subject == "") || w.Subject != "" && w.Agency != "" {
		at = append(at, fault.Place{Pointer: "child", Detail: "Name a child, and an agency of it or none; or one subject."})
	}
	if !reason {
		at = append(at, fault.Place{Pointer: "why", Detail: "Choose one of the reasons."})
	}
	if !reference.MatchString(ref) {
		at = append(at, wrongReference)
	}
	if len(at) > 0 {
		return &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: at}
	}
	return nil
}

var wrongReference = fault.Place{Pointer: "reference", Detail: "Give the reference under which the decision is written down: letters, digits, dots, slashes and hyphens, 40 at most, and no name."}

func checkReference(ref string) error {
	if reference.MatchString(ref) {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: []fault.Place{wrongReference}}
}
