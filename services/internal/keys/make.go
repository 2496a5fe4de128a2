package keys

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"kith/events/store"
)

// errClosed reports the use of Keys after Close.
var errClosed = errors.New("keys closed")

// making is a new key on its way to the disk.
type making struct {
	id      store.KeyID
	wrapped []byte
	by      int64        // generation of the master key that it is wrapped with
	done    chan outcome // has room for one
}

type outcome struct {
	ours bool // false: somebody else was faster, and that key counts
	err  error
}

// largestGroup is how many keys share one sync of the disk.
const largestGroup = 256

// save returns when a key is on stable storage: this one, or the one that was
// made under its name before.
func (k *Keys) save(ctx context.Context, id store.KeyID, wrapped []byte, by int64) (ours bool, err error) {
	m := &making{id, wrapped, by, make(chan outcome, 1)}
	select {
	case k.making <- m:
	case <-k.closed:
		return false, errClosed
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	o := <-m.done
	return o.ours, o.err
}

// make writes new keys for everybody who waits, in one transaction: while one is
// synced to the disk, the next gathers.
func (k *Keys) make() {
	defer close(k.done)
	for {
		select {
		case <-k.closed:
			return
		case m := <-k.making:
			k.makeAll(k.gather(m))
		}
	}
}

func (k *Keys) gather(first *making) []*making {
	ms := []*making{first}
	for len(ms) < largestGroup {
		select {
		case m := <-k.making:
			ms = append(ms, m)
		default:
			return ms
		}
	}
	return ms
}

func (k *Keys) makeAll(ms []*making) {
	outcomes := make([]outcome, len(ms))
	err := k.insert(context.Background(), ms, outcomes)
	for i, m := range ms {
		outcomes[i].err = cmp.Or(err, outcomes[i].err)
		m.done <- outcomes[i]
	}
}

func (k *Keys) insert(ctx context.Context, ms []*making, outcomes []outcome) error {
	tx, err := k.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var now int64
	if err := tx.QueryRowContext(ctx, `SELECT generation FROM master`).Scan(&now); err != nil {
		return err
	}
	for i, m := range ms {
		if m.by < now {
			outcomes[i].err = errStale
			continue
		}
		if outcomes[i].ours, err = insertOne(ctx, tx, m); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func insertOne(ctx context.Context, tx *sql.Tx, m *making) (bool, error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO keys (id, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING`, m.id, m.wrapped)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}
