package notices

import (
	"context"
	"encoding/json"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
)

// What was shown to whom follows from the ledger, what does not stand any more
// from the log. Whichever comes second finds what is owed: both are written
// through one connection.
const recallSchema = `
CREATE TABLE seen (item TEXT, reader TEXT, child TEXT NOT NULL, PRIMARY KEY (item, reader)) WITHOUT ROWID;
CREATE TABLE superseded (item TEXT PRIMARY KEY, agency TEXT NOT NULL, withdrawn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE recalled (item TEXT, reader TEXT, PRIMARY KEY (item, reader)) WITHOUT ROWID;
CREATE TABLE owed (item TEXT, reader TEXT, child TEXT NOT NULL, withdrawn INTEGER NOT NULL, PRIMARY KEY (item, reader)) WITHOUT ROWID;
`

// owe finds whoever was shown an item that does not stand, is of another agency
// and was not told yet.
const owe = `
INSERT INTO owed SELECT item, reader, child, withdrawn FROM superseded JOIN seen USING (item)
WHERE item = ? AND reader <> agency AND NOT EXISTS (SELECT 1 FROM recalled r WHERE r.item = seen.item AND r.reader = seen.reader)
ON CONFLICT DO UPDATE SET withdrawn = excluded.withdrawn`

// Seen is how it follows from the ledger who was shown what. Its tables are made
// by Model, in the same file.
func Seen() follow.Model {
	return follow.Model{Name: "seen", Apply: seen, Wants: func(t events.Type) bool { return t == events.ReadRecorded{}.Type() }}
}

func seen(ctx context.Context, tx *follow.Tx, e store.Event) error {
	r, ok := e.Event.(events.ReadRecorded)
	if !ok {
		return nil
	}
	for _, i := range r.Shown {
		n, err := tx.ExecContext(ctx, `INSERT INTO seen VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET child = ?3 WHERE child = '' AND ?3 <> ''`, i, r.Agency, r.Child)
		if err != nil {
			return err
		}
		if news, err := n.RowsAffected(); err != nil || news == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := tx.ExecContext(ctx, owe, i); err != nil {
			return err
		}
	}
	return nil
}

// superseded notes that items do not stand any more.
func superseded(ctx context.Context, tx *follow.Tx, v events.EventSuperseded) error {
	for _, i := range v.Items {
		_, err := tx.ExecContext(ctx, `INSERT INTO superseded VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, i.Item, v.Agency, v.Withdrawn)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, owe, i.Item); err != nil {
			return err
		}
	}
	return nil
}

type change struct {
	Item events.ItemID `json:"item"`
	Read string        `json:"read,omitempty"`
}

// recalled tells the agency whose people were shown the item.
func recalled(ctx context.Context, tx *follow.Tx, e store.Event, v events.ItemRecalled) error {
	m := events.Told{Type: events.TypeItemWithdrawn, At: e.At, Position: uint64(e.Position), Child: v.Child, Item: v.Item}
	c := change{Item: v.Item}
	if !v.Withdrawn {
		m.Type = events.TypeItemCorrected
		if v.Child != "" {
			c.Read = "/v1/children/" + string(v.Child) + "/view"
		}
	}
	var err error
	if m.Detail, err = json.Marshal(c); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM owed WHERE item = ? AND reader = ?`, v.Item, v.Reader); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO recalled VALUES (?, ?) ON CONFLICT DO NOTHING`, v.Item, v.Reader); err != nil {
		return err
	}
	return tell(ctx, tx, v.Reader, "recall "+string(v.Item), m)
}

// recall records in the log whom the hub owes word, until ctx ends. The message
// follows from that record like any other, so that it is the same however often
// the file is built anew.
func (in *Inbox) recall(ctx context.Context) {
	pause := shortPause
	for ctx.Err() == nil {
		moved := in.next() // before reading, so that no news is missed between
		err := in.recallOwed(ctx)
		if err == nil {
			pause = shortPause
			select {
			case <-moved:
			case <-ctx.Done():
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		in.Log.WarnContext(ctx, "not recorded who was shown what was corrected; will try again", "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longPause)
	}
}

func (in *Inbox) recallOwed(ctx context.Context) error {
	owed, err := in.owed(ctx)
	if err != nil {
		return err
	}
	for _, v := range owed {
		at, err := in.Store.Append(ctx, store.Batch{Stream: store.Stream("recall-" + string(v.Reader)), Expect: store.Any, Events: []events.Event{v},
			Cause: store.Cause{By: "inbox", For: v.Reader, Because: "recall " + string(v.Item)}})
		if err == nil {
			err = in.Wait(ctx, at[0].Position)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *Inbox) owed(ctx context.Context) (vs []events.ItemRecalled, err error) {
	rs, err := in.DB.Read.QueryContext(ctx, `SELECT item, reader, child, withdrawn FROM owed LIMIT ?`, most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rs.Close() }()
	for rs.Next() {
		var v events.ItemRecalled
		if err := rs.Scan(&v.Item, &v.Reader, &v.Child, &v.Withdrawn); err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, rs.Err()
}
