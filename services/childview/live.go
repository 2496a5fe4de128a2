package childview

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
)

// The table says which child an item's subject is part of, so that a change can
// be announced to those who look at the child. Items have no rows: what they say
// stays in the event store.
const schema = `
CREATE TABLE link (subject TEXT PRIMARY KEY, child TEXT NOT NULL) WITHOUT ROWID;
`

// Model is how the table follows from the log.
func Model() follow.Model {
	return follow.Model{Name: "childview", Schema: []string{schema}, Wants: moves, Apply: apply, Purge: purge}
}

// moves are the events that move a subject.
func moves(t events.Type) bool {
	return t == events.SubjectLinked{}.Type() || t == events.SubjectUnlinked{}.Type()
}

func apply(ctx context.Context, tx *follow.Tx, e store.Event) error {
	var err error
	switch v := e.Event.(type) {
	case events.SubjectLinked:
		_, err = tx.ExecContext(ctx, `INSERT INTO link VALUES (?1, ?2) ON CONFLICT DO UPDATE SET child = ?2`, v.Subject, v.Child)
	case events.SubjectUnlinked:
		_, err = tx.ExecContext(ctx, `DELETE FROM link WHERE subject = ? AND child = ?`, v.Subject, v.Child)
	default: // nothing that moves a subject
	}
	return err
}

// purge forgets who was part of a child. A subject that is gone stays where its
// child says that it is: nothing is shown of it.
func purge(ctx context.Context, tx *follow.Tx, gone store.Stream) error {
	child, ok := strings.CutPrefix(string(gone), "child-")
	if !ok {
		return nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM link WHERE child = ?`, child)
	return err
}

// links reads the table.
type links struct{ db *sql.DB }

func (l links) child(ctx context.Context, s events.SubjectID) (c events.ChildID, err error) {
	err = l.db.QueryRowContext(ctx, `SELECT child FROM link WHERE subject = ?`, s).Scan(&c)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read link: %w", err)
	}
	return c, nil
}

// Subscribe announces changes of a child's picture: the position of the latest,
// at least once after each. Who reads slowly gets the latest only. The channel
// is closed by stop, which must be called, and by Close.
func (v *View) Subscribe(child events.ChildID) (changes <-chan store.Position, stop func()) {
	return v.live.subscribe(child)
}

// announce tells those who look at a child of one committed event. An item that
// came before its link is announced by the link.
func (v *View) announce(ctx context.Context, e store.Event) {
	if v.live.idle() {
		return
	}
	child, err := v.links.changed(ctx, e)
	if err != nil {
		v.log.Error("cannot announce a change", "position", e.Position, "error", err)
	}
	v.live.tell(child, e.Position)
}

// changed is the child whose picture an event changes, or "". The name of the
// stream says so: there is no need to open what lies in it.
func (l links) changed(ctx context.Context, e store.Event) (events.ChildID, error) {
	category, id, _ := strings.Cut(string(e.Stream), "-")
	switch category {
	case "subject":
		return l.child(ctx, events.SubjectID(id))
	case "strategy", "consent":
		return events.ChildID(id), nil
	case "child":
		if moves(e.Type) {
			return events.ChildID(id), nil
		}
	}
	return "", nil
}

// broadcast holds the subscriptions.
type broadcast struct {
	mu     sync.Mutex
	subs   map[events.ChildID]map[chan store.Position]bool
	closed bool
}

func (b *broadcast) subscribe(child events.ChildID) (<-chan store.Position, func()) {
	ch := make(chan store.Position, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(ch)
		return ch, func() {}
	}
	if b.subs == nil {
		b.subs = map[events.ChildID]map[chan store.Position]bool{}
	}
	if b.subs[child] == nil {
		b.subs[child] = map[chan store.Position]bool{}
	}
	b.subs[child][ch] = true
	return ch, func() { b.drop(child, ch) }
}

func (b *broadcast) drop(child events.ChildID, ch chan store.Position) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.subs[child][ch] {
		return // stopped already
	}
	close(ch)
	delete(b.subs[child], ch)
	if len(b.subs[child]) == 0 {
		delete(b.subs, child)
	}
}

func (b *broadcast) tell(child events.ChildID, p store.Position) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs[child] {
		select {
		case <-ch: // the reader has not come for the one before
		default:
		}
		ch <- p
	}
}

func (b *broadcast) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs) == 0
}

func (b *broadcast) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for child, chs := range b.subs {
		for ch := range chs {
			close(ch)
		}
		delete(b.subs, child)
	}
	b.closed = true
}
