package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"kith/events/store"
)

// A chunk is what one query reads, unless a single event is more. Nothing is
// held open while it is handed out, so a slow reader hinders nobody.
const (
	chunk      = 500
	chunkBytes = 4 << 20
)

// Read is store.Log's.
func (l *Log) Read(ctx context.Context, s store.Stream, after store.Revision) iter.Seq2[store.Recorded, error] {
	return func(yield func(store.Recorded, error) bool) {
		for {
			rs, more, err := l.query(ctx, l.stream, s, after, chunk)
			if err != nil {
				yield(store.Recorded{}, fmt.Errorf("read %s: %w", s, err))
				return
			}
			for _, r := range rs {
				if !yield(r, nil) {
					return
				}
				after = r.Revision
			}
			if !more {
				return
			}
		}
	}
}

// Follow is store.Log's. It wakes as soon as something is committed.
func (l *Log) Follow(ctx context.Context, p store.Position) iter.Seq2[store.Recorded, error] {
	return func(yield func(store.Recorded, error) bool) {
		for {
			if err := l.wait(ctx, p); err != nil {
				yield(store.Recorded{}, fmt.Errorf("follow after %d: %w", p, err))
				return
			}
			rs, err := l.next(ctx, p)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(store.Recorded{}, fmt.Errorf("follow after %d: %w", p, err))
				return
			}
			for _, r := range rs {
				if !yield(r, nil) || ctx.Err() != nil {
					return
				}
				p = r.Position
			}
		}
	}
}

// next is a chunk of what comes after p, from memory if it is new.
func (l *Log) next(ctx context.Context, p store.Position) ([]store.Recorded, error) {
	l.mu.Lock()
	rs := l.tail.after(p)
	l.mu.Unlock()
	if len(rs) > 0 {
		return rs, nil
	}
	rs, _, err := l.query(ctx, l.all, p, chunk)
	return rs, err
}

// wait returns when there is something after p, or when ctx ends.
func (l *Log) wait(ctx context.Context, p store.Position) error {
	for {
		last, more := l.newest()
		if last > p {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil
		case <-l.quit:
			return ErrClosed
		}
	}
}

// query reads a chunk and says whether there may be more.
func (l *Log) query(ctx context.Context, stmt *sql.Stmt, args ...any) (rs []store.Recorded, more bool, err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = rows.Close() }()
	for bytes := 0; rows.Next(); {
		r, err := scan(rows)
		if err != nil {
			return nil, false, err
		}
		rs = append(rs, r)
		if bytes += len(r.Data); bytes >= chunkBytes {
			return rs, true, nil
		}
	}
	return rs, len(rs) == chunk, rows.Err()
}

func scan(rows *sql.Rows) (store.Recorded, error) {
	var r store.Recorded
	var id, cause sql.RawBytes
	var at int64
	err := rows.Scan(&r.Position, &id, &r.Stream, &r.Revision, &r.Type, &at, &cause, &r.Data)
	if err != nil {
		return r, err
	}
	if r.ID, err = uuid.FromBytes(id); err != nil {
		return r, err
	}
	r.At = moment(at)
	return r, json.Unmarshal(cause, &r.Cause)
}
