package strategy

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/internal/follow"
	"kith/services/strategy/rules"
)

// applyItem notes where a concern or the decision on one lies. Only the child
// counts: the items about the others of the same report say the same.
func (x index) applyItem(ctx context.Context, tx *follow.Tx, e store.Event, i events.Item) error {
	if i.Person.Role != events.RoleChild {
		return nil
	}
	received, err := x.replace(ctx, tx, i)
	if err != nil {
		return err
	}
	switch f := i.Fact.(type) {
	case events.Concern:
		_, err = tx.ExecContext(ctx, `INSERT INTO concern VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			x.reference(f.Reference), i.Agency, i.Subject, e.Revision, e.Position, cmp.Or(received, e.At.UnixNano()))
		return errors.Join(err, x.said(ctx, tx, e, i, f.Reference, false))
	case events.ReferralDecided:
		_, err = tx.ExecContext(ctx, `INSERT INTO decision VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			x.reference(f.Reference), i.Subject, e.Revision, e.Position)
		return errors.Join(err, x.said(ctx, tx, e, i, f.Reference, true))
	default: // neither
		return nil
	}
}

func (x index) said(ctx context.Context, tx *follow.Tx, e store.Event, i events.Item, reference string, decision bool) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO said VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		x.event(i, i.EventID), i.Subject, x.reference(reference), decision, e.Position)
	return err
}

// replace takes out what the item supersedes, and answers when that was received:
// a correction does not set back the clock of a decision.
func (x index) replace(ctx context.Context, tx *follow.Tx, i events.Item) (received int64, err error) {
	if i.Supersedes == "" {
		return 0, nil
	}
	var reference string
	var decision bool
	var position int64
	err = tx.QueryRowContext(ctx, `SELECT reference, decision, position FROM said WHERE event = ? AND subject = ?`, x.event(i, i.Supersedes), i.Subject).Scan(&reference, &decision, &position)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if decision {
		_, err = tx.ExecContext(ctx, `DELETE FROM decision WHERE reference = ? AND position = ?`, reference, position)
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `DELETE FROM concern WHERE reference = ? AND agency = ? AND subject = ? RETURNING received`, reference, i.Agency, i.Subject).Scan(&received)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return received, err
}

// event is a pseudonym of what an agency calls one of its events.
func (x index) event(i events.Item, id string) string { return x.blind("event", i.Source+"\x00"+id) }

func (x index) reference(r string) string { return x.blind("concern", r) }

// entry says where an item lies.
type entry struct {
	reference string // blinded
	subject   events.SubjectID
	revision  store.Revision
	received  int64          // when, in nanoseconds since 1970; 0 if that is when the item was recorded
	child     events.ChildID // of the subject, "" while it is part of none
}

// Concern is what became of the concern with that reference; fault.NotFound if
// there is none. Where one report is about several children, or two schools use
// one reference, it is the first that arrived; Concerns lists them all.
func (s *Strategy) Concern(ctx context.Context, reference string) (events.ConcernStatus, error) {
	es, err := s.entries(ctx, `SELECT reference, subject, revision, received FROM concern WHERE reference = ? ORDER BY position`, index{s.store.Pseudonym}.reference(reference))
	if err != nil {
		return events.ConcernStatus{}, err
	}
	if len(es) == 0 {
		return events.ConcernStatus{}, fault.NotFound
	}
	c, err := s.status(ctx, es[0])
	if errors.Is(err, store.ErrKeyGone) {
		return events.ConcernStatus{}, fault.NotFound
	}
	return c, err
}

// Concerns are all concerns that one agency raised, or all there are if it is
// "", latest first. Those whose key was destroyed are not among them.
func (s *Strategy) Concerns(ctx context.Context, raisedBy events.AgencyID) ([]events.ConcernStatus, error) {
	es, err := s.entries(ctx, `SELECT reference, subject, revision, received FROM concern WHERE ?1 = '' OR agency = ?1 ORDER BY position DESC`, raisedBy)
	if err != nil {
		return nil, err
	}
	cs := make([]events.ConcernStatus, 0, len(es))
	for _, e := range es {
		c, err := s.status(ctx, e)
		if errors.Is(err, store.ErrKeyGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		cs = append(cs, c)
	}
	return cs, nil
}

func (s *Strategy) status(ctx context.Context, e entry) (events.ConcernStatus, error) {
	at, i, err := s.item(ctx, e)
	if err != nil {
		return events.ConcernStatus{}, err
	}
	f, ok := i.Fact.(events.Concern)
	if !ok {
		return events.ConcernStatus{}, fmt.Errorf("read concern: %s lies there", i.Type())
	}
	if e.received > 0 {
		at.At = time.Unix(0, e.received).UTC()
	}
	st := events.ConcernStatus{
		Reference: f.Reference, Agency: i.Agency, Child: e.child, Person: i.Person, Item: i.ID,
		ReceivedAt: at.At, Concern: f, Voice: i.Voice, Informed: i.Informed,
	}
	if due, err := s.rules.Due(rules.ReferralDecision, s.rules.Day(at.At)); err == nil {
		st.DecideBy = due.Date
	}
	return st, s.decided(ctx, e, &st)
}

// decided fills in the latest decision, if there is one.
func (s *Strategy) decided(ctx context.Context, e entry, st *events.ConcernStatus) error {
	raised, err := s.entries(ctx, `SELECT reference, subject, revision, received FROM concern WHERE reference = ? ORDER BY position`, e.reference)
	if err != nil {
		return err
	}
	answers, err := s.entries(ctx, `SELECT reference, subject, revision, 0 FROM decision WHERE reference = ? ORDER BY position DESC`, e.reference)
	if err != nil {
		return err
	}
	d, ok := pair(e, raised, answers)
	if !ok {
		return nil
	}
	at, i, err := s.item(ctx, d)
	if errors.Is(err, store.ErrKeyGone) {
		return nil
	}
	if f, ok := i.Fact.(events.ReferralDecided); ok && err == nil {
		st.Decided, st.DecidedAt = &f, &at.At
	}
	return err
}

// pair finds the answer to a concern among the answers to its reference, latest
// first. A reference that stands for one child is enough. Where it stands for
// several, one school must not be told what was decided for another child, so
// the answer must be about the same one.
func pair(e entry, raised, answers []entry) (entry, bool) {
	alone := !slices.ContainsFunc(raised, func(r entry) bool { return r.subject != e.subject })
	i := slices.IndexFunc(answers, func(a entry) bool { return alone || a.child != "" && a.child == e.child })
	if i < 0 {
		return entry{}, false
	}
	return answers[i], true
}

func (s *Strategy) entries(ctx context.Context, query string, args ...any) ([]entry, error) {
	es, err := rows(ctx, s.db.Read, func(scan func(...any) error) (e entry, err error) {
		return e, scan(&e.reference, &e.subject, &e.revision, &e.received)
	}, query, args...)
	for i := range es {
		if err == nil {
			es[i].child, _, err = s.childOf(ctx, es[i].subject)
		}
	}
	return es, err
}

// item reads one item from its subject's stream.
func (s *Strategy) item(ctx context.Context, e entry) (store.Event, events.Item, error) {
	for r, err := range s.store.Read(ctx, store.Stream("subject-"+e.subject), e.revision-1) {
		if err != nil {
			return r, events.Item{}, fmt.Errorf("read item: %w", err)
		}
		if i, ok := r.Event.(events.Item); ok {
			return r, i, nil
		}
		break
	}
	return store.Event{}, events.Item{}, errors.New("read item: it does not lie where the index says")
}
