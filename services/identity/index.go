package identity

import (
	"context"

	"kith/events"
	"kith/events/store"
	"kith/services/identity/match"
	"kith/services/internal/follow"
)

// The index holds blind keys and opaque ids, nothing else. It says which
// subjects share a key, which child each is linked to, who a person said are
// apart, and whose place is still to be decided. All of it comes from the log.
const schema = `
CREATE TABLE subject (
	subject TEXT PRIMARY KEY,
	agency TEXT NOT NULL,
	child TEXT,                           -- NULL while it has none
	parted INTEGER NOT NULL DEFAULT 0,    -- was linked to another child once
	held INTEGER NOT NULL DEFAULT 0       -- a person put it where it is
) WITHOUT ROWID;
CREATE INDEX subject_of_child ON subject (child);
CREATE TABLE key (kind TEXT, value TEXT, subject TEXT, PRIMARY KEY (kind, value, subject)) WITHOUT ROWID;
CREATE INDEX key_of_subject ON key (subject);
CREATE TABLE child (
	child TEXT PRIMARY KEY,
	since INTEGER NOT NULL,               -- position of its first event
	settled INTEGER NOT NULL DEFAULT 0    -- something was decided or consented for it
) WITHOUT ROWID;
CREATE TABLE apart (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID; -- both ways round
CREATE TABLE candidate (child TEXT, subject TEXT, rule TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (child, subject)) WITHOUT ROWID;
CREATE TABLE pending (
	subject TEXT PRIMARY KEY,
	because TEXT NOT NULL,
	trace TEXT NOT NULL,
	at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pending_in_order ON pending (at);
`

// Model is how the index follows from the log. The list of what is pending is
// not only its own: what was decided on, with whatever outcome, is taken off.
func Model(blind match.Blind) follow.Model {
	return follow.Model{Name: "identity", Schema: []string{schema}, Work: []string{"pending"}, Wants: wants, Apply: index{blind}.apply, Purge: purge}
}

// wants everything but what no index needs, so that a type that this build does
// not know is noticed.
func wants(t events.Type) bool {
	switch t {
	case events.EventAccepted{}.Type(), events.EventRefused{}.Type(), events.EventSuperseded{}.Type(), events.ItemRecalled{}.Type():
		return false
	}
	return true
}

// index brings the tables up to one event.
type index struct{ blind match.Blind }

func (x index) apply(ctx context.Context, tx *follow.Tx, e store.Event) error {
	w := writer{ctx: ctx, tx: tx}
	switch v := e.Event.(type) {
	case events.Item:
		if v.Person.Role == events.RoleChild {
			x.seen(&w, e, v)
		}
	case events.SubjectLinked:
		x.linked(&w, e, v)
	case events.SubjectUnlinked:
		x.unlinked(&w, e, v)
	case events.LinkProposed:
		w.do(`INSERT INTO candidate VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, v.Child, v.Subject, v.Rule, e.At.UnixNano())
	case events.LinkDeclined:
		w.do(`DELETE FROM candidate WHERE child = ? AND subject = ?`, v.Child, v.Subject)
		w.apart(v.Subject, v.Child)
	case events.Strategy, events.Consent:
		w.do(`UPDATE child SET settled = 1 WHERE child = ?`, opaque(e.Stream))
	default: // nothing that bears on who is who
	}
	return w.err
}

// seen notes what an item tells of its subject. Only news make the subject
// pending: most items are about a child long known.
func (x index) seen(w *writer, e store.Event, i events.Item) {
	news := w.do(`INSERT INTO subject (subject, agency) VALUES (?, ?) ON CONFLICT DO NOTHING`, i.Subject, i.Agency)
	for _, k := range match.Keys(i.Person, x.blind) {
		news += w.do(`INSERT INTO key VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, k.Kind, k.Value, i.Subject)
	}
	if news > 0 {
		w.pending(i.Subject, e.ID.String(), e)
	}
}

// linked clears what is pending if this is the subject's first place: that link
// is appended after everything else that the subject's first item led to. A
// subject that was moved is looked at again in its new place.
func (index) linked(w *writer, e store.Event, v events.SubjectLinked) {
	w.do(`INSERT INTO child (child, since) VALUES (?, ?) ON CONFLICT DO NOTHING`, v.Child, e.Position)
	if v.Rule == events.RulePerson {
		w.do(`DELETE FROM apart WHERE a = ?1 AND b IN (SELECT subject FROM subject WHERE child = ?2)
			OR b = ?1 AND a IN (SELECT subject FROM subject WHERE child = ?2)`, v.Subject, v.Child)
	}
	w.do(`INSERT INTO subject (subject, agency, child, held) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT DO UPDATE SET child = ?3, held = max(held, ?4)`, v.Subject, v.Agency, v.Child, v.Rule == events.RulePerson)
	w.do(`DELETE FROM candidate WHERE child = ? AND subject = ?`, v.Child, v.Subject)
	if w.yes(`SELECT parted FROM subject WHERE subject = ?`, v.Subject) {
		w.pending(v.Subject, e.ID.String(), e)
	} else {
		w.do(`DELETE FROM pending WHERE subject = ? AND because = ?`, v.Subject, e.Cause.Because)
	}
}

// unlinked keeps the subject apart from those it is parted from. What the hub
// moves by itself was alone, so that parts it from nobody.
func (index) unlinked(w *writer, e store.Event, v events.SubjectUnlinked) {
	w.do(`UPDATE subject SET child = NULL, parted = 1, held = max(held, ?) WHERE subject = ? AND child = ?`,
		e.Cause.By != self, v.Subject, v.Child)
	w.do(`DELETE FROM candidate WHERE child = ? AND subject = ?`, v.Child, v.Subject)
	w.apart(v.Subject, v.Child)
	w.pending(v.Subject, e.Cause.Because, e)
}

// writer is a transaction that stops at its first error.
type writer struct {
	ctx context.Context
	tx  *follow.Tx
	err error
}

// do answers how many rows it changed.
func (w *writer) do(query string, args ...any) int64 {
	if w.err != nil {
		return 0
	}
	r, err := w.tx.ExecContext(w.ctx, query, args...)
	if err != nil {
		w.err = err
		return 0
	}
	n, err := r.RowsAffected()
	w.err = err
	return n
}

func (w *writer) yes(query string, args ...any) (b bool) {
	if w.err == nil {
		w.err = w.tx.QueryRowContext(w.ctx, query, args...).Scan(&b)
	}
	return b
}

func (w *writer) apart(s events.SubjectID, c events.ChildID) {
	w.do(`INSERT INTO apart SELECT ?1, subject FROM subject WHERE child = ?2 AND subject <> ?1 ON CONFLICT DO NOTHING`, s, c)
	w.do(`INSERT INTO apart SELECT subject, ?1 FROM subject WHERE child = ?2 AND subject <> ?1 ON CONFLICT DO NOTHING`, s, c)
}

func (w *writer) pending(s events.SubjectID, because string, e store.Event) {
	w.do(`INSERT INTO pending VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET because = ?2, trace = ?3, at = ?4`,
		s, because, e.Cause.Trace, e.Position)
}
