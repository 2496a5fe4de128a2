package strategy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
)

// The tables hold ids, positions and pseudonyms; what was said is read from the
// store.
const schema = `
CREATE TABLE discussion (discussion TEXT PRIMARY KEY, child TEXT NOT NULL, agency TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE due (discussion TEXT PRIMARY KEY, day TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX due_by_day ON due (day);
CREATE TABLE concern (
	reference TEXT, agency TEXT, subject TEXT,
	revision INTEGER NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (reference, agency, subject)
) WITHOUT ROWID;
CREATE INDEX concern_in_order ON concern (position);
CREATE TABLE decision (
	reference TEXT, subject TEXT,
	revision INTEGER NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (reference, position)
) WITHOUT ROWID;
`

// One more table says which event of its agency a concern or decision came from,
// so that a later one may stand in its place.
const saidSchema = `
CREATE TABLE said (event TEXT, subject TEXT, reference TEXT NOT NULL, decision INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (event, subject)) WITHOUT ROWID;
ALTER TABLE concern ADD COLUMN received INTEGER NOT NULL DEFAULT 0; -- in nanoseconds since 1970; 0 for when the item was
`

// Model is how the tables follow from the log.
func Model(blind func(domain, value string) string) follow.Model {
	return follow.Model{Name: "strategy", Schema: []string{schema, saidSchema}, Wants: wants, Apply: index{blind}.apply, Purge: purge}
}

func wants(t events.Type) bool {
	switch t {
	case events.DiscussionConvened{}.Type(), events.DecisionRecorded{}.Type(), events.ConferenceOverdue{}.Type(),
		events.Concern{}.Type(), events.ReferralDecided{}.Type(),
		events.PoliceWithdrawal{}.Type(), events.HealthWithdrawal{}.Type(), events.EducationWithdrawal{}.Type(), events.SocialCareWithdrawal{}.Type():
		return true
	}
	return false
}

// purge takes out the concerns and decisions of a subject, or the discussions of a
// child.
func purge(ctx context.Context, tx *follow.Tx, gone store.Stream) error {
	_, id, _ := strings.Cut(string(gone), "-")
	var texts []string
	switch gone.Category() {
	case "subject":
		texts = []string{`DELETE FROM concern WHERE subject = ?`, `DELETE FROM decision WHERE subject = ?`, `DELETE FROM said WHERE subject = ?`}
	case "strategy":
		texts = []string{`DELETE FROM due WHERE discussion IN (SELECT discussion FROM discussion WHERE child = ?)`, `DELETE FROM discussion WHERE child = ?`}
	}
	for _, text := range texts {
		if _, err := tx.ExecContext(ctx, text, id); err != nil {
			return err
		}
	}
	return nil
}

// index brings the tables up to one event.
type index struct {
	blind func(domain, value string) string
}

func (x index) apply(ctx context.Context, tx *follow.Tx, e store.Event) error {
	var err error
	switch v := e.Event.(type) {
	case events.DiscussionConvened:
		_, err = tx.ExecContext(ctx, `INSERT INTO discussion VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, v.Discussion, v.Child, v.Agency)
	case events.DecisionRecorded:
		if v.ConferenceDue != "" {
			_, err = tx.ExecContext(ctx, `INSERT INTO due VALUES (?, ?) ON CONFLICT DO NOTHING`, v.Discussion, v.ConferenceDue)
		}
	case events.ConferenceOverdue:
		_, err = tx.ExecContext(ctx, `DELETE FROM due WHERE discussion = ?`, v.Discussion)
	case events.Item:
		err = x.applyItem(ctx, tx, e, v)
	default: // nothing with a clock
	}
	return err
}

// watch looks for what is overdue, now and then, until ctx ends.
func (s *Strategy) watch(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("cannot record what is overdue; will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Tick records what became overdue. It may be called at any time and as often as
// one likes: each conference is recorded as overdue once.
func (s *Strategy) Tick(ctx context.Context) error {
	today := s.rules.Day(s.now())
	rows, err := rows(ctx, s.db.Read, func(scan func(...any) error) (r late, err error) {
		return r, scan(&r.discussion, &r.child, &r.agency, &r.day)
	}, `SELECT discussion, child, agency, day FROM due JOIN discussion USING (discussion) WHERE day < ?`, today)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range rows {
		errs = append(errs, s.record(ctx, r, today))
	}
	return errors.Join(errs...)
}

// late is a conference whose day has passed.
type late struct {
	discussion events.DiscussionID
	child      events.ChildID
	agency     events.AgencyID
	day        events.Date
}

func (s *Strategy) record(ctx context.Context, r late, today events.Date) error {
	c := store.Cause{By: "strategy", For: r.agency, Because: "overdue " + string(r.discussion) + " " + string(r.day)}
	err := s.transact(ctx, r.child, c, func(ds discussions) ([]events.Strategy, error) { return overdue(ds, r.discussion, today) })
	if errors.Is(err, store.ErrKeyGone) {
		// The child's data were destroyed: nobody is waiting for a conference.
		_, err = s.db.Write.ExecContext(ctx, `DELETE FROM due WHERE discussion = ?`, r.discussion)
	}
	return err
}

// rows collects the rows of a query.
func rows[T any](ctx context.Context, db *sql.DB, read func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rs, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	defer func() { _ = rs.Close() }()
	var out []T
	for rs.Next() {
		v, err := read(rs.Scan)
		if err != nil {
			return nil, fmt.Errorf("read rows: %w", err)
		}
		out = append(out, v)
	}
	return out, rs.Err()
}
