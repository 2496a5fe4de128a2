package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"kith/events"
	"kith/events/store"
	"kith/services/identity/match"
)

// subject is what the index knows of one subject.
type subject struct {
	match.Subject
	child  events.ChildID // "" while it has none
	held   bool
	parted bool
}

// pending is a subject whose place is to be decided, and why.
type pending struct {
	subject events.SubjectID
	because string
	trace   string
	at      store.Position
}

// file reads the index.
type file struct{ db *sql.DB }

// most is how many children one subject is compared with, earliest first. More
// share a key only where a register is out of order, and a person cannot look
// at more either.
const most = 20

func (f file) subject(ctx context.Context, id events.SubjectID) (subject, bool, error) {
	s := subject{Subject: match.Subject{ID: id}}
	err := f.db.QueryRowContext(ctx, `SELECT agency, coalesce(child, ''), held, parted FROM subject WHERE subject = ?`, id).
		Scan(&s.Agency, &s.child, &s.held, &s.parted)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("read index: %w", err)
	}
	s.Keys, err = f.keys(ctx, id)
	return s, true, err
}

func (f file) keys(ctx context.Context, id events.SubjectID) ([]match.Key, error) {
	return rows(ctx, f.db, func(scan func(...any) error) (k match.Key, err error) {
		return k, scan(&k.Kind, &k.Value)
	}, `SELECT kind, value FROM key WHERE subject = ? ORDER BY kind, value`, id)
}

// members are the subjects that are linked to a child.
func (f file) members(ctx context.Context, c events.ChildID) ([]match.Subject, error) {
	ss, err := rows(ctx, f.db, func(scan func(...any) error) (s match.Subject, err error) {
		return s, scan(&s.ID, &s.Agency)
	}, `SELECT subject, agency FROM subject WHERE child = ? ORDER BY subject`, c)
	for i := range ss {
		if err == nil {
			ss[i].Keys, err = f.keys(ctx, ss[i].ID)
		}
	}
	return ss, err
}

// others are the children that share a key with a subject, earliest first.
func (f file) others(ctx context.Context, s subject) ([]match.Child, error) {
	cs, err := rows(ctx, f.db, func(scan func(...any) error) (c match.Child, err error) {
		return c, scan(&c.ID, &c.Apart, &c.Proposed)
	}, `
WITH own (subject) AS (SELECT ?1 UNION SELECT subject FROM subject WHERE child = ?2),
near (child) AS (
	SELECT DISTINCT o.child FROM key k JOIN key l USING (kind, value) JOIN subject o ON o.subject = l.subject
	WHERE k.subject = ?1 AND o.child IS NOT NULL AND o.child <> ?2)
SELECT n.child,
	EXISTS (SELECT 1 FROM own JOIN apart p ON p.a = own.subject JOIN subject m ON m.subject = p.b WHERE m.child = n.child),
	coalesce((SELECT rule FROM candidate
		WHERE child = n.child AND subject IN (SELECT subject FROM own)
		OR child = ?2 AND subject IN (SELECT subject FROM subject WHERE child = n.child)
		ORDER BY rule IN (?3, ?4) DESC LIMIT 1), '')
FROM near n JOIN child c ON c.child = n.child ORDER BY c.since LIMIT ?5`,
		s.ID, s.child, events.RuleNHSNumber, events.RuleUPN, most)
	for i := range cs {
		if err == nil {
			cs[i].Subjects, err = f.members(ctx, cs[i].ID)
		}
	}
	return cs, err
}

// settled reports whether something was decided or consented for a child.
func (f file) settled(ctx context.Context, c events.ChildID) (yes bool, err error) {
	err = f.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM child WHERE child = ? AND settled = 1)`, c).Scan(&yes)
	return yes, err
}

// used reports whether a child ever had a subject.
func (f file) used(ctx context.Context, c events.ChildID) (yes bool, err error) {
	err = f.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM child WHERE child = ?)`, c).Scan(&yes)
	return yes, err
}

// next are the subjects whose place is to be decided, longest waiting first.
func (f file) next(ctx context.Context, n int) ([]pending, error) {
	return rows(ctx, f.db, func(scan func(...any) error) (p pending, err error) {
		return p, scan(&p.subject, &p.because, &p.trace, &p.at)
	}, `SELECT subject, because, trace, at FROM pending ORDER BY at LIMIT ?`, n)
}

// rows collects the rows of a query.
func rows[T any](ctx context.Context, db *sql.DB, read func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rs, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	defer func() { _ = rs.Close() }()
	var out []T
	for rs.Next() {
		v, err := read(rs.Scan)
		if err != nil {
			return nil, fmt.Errorf("read index: %w", err)
		}
		out = append(out, v)
	}
	return out, rs.Err()
}

// opaque is the part of a stream's name that says whose it is.
func opaque(s store.Stream) string {
	_, id, _ := strings.Cut(string(s), "-")
	return id
}
