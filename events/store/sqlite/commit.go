package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"kith/events/store"
)

// A group is as much as one transaction takes, unless a single append is more.
const (
	groupWrites = 256
	groupBytes  = 8 << 20
)

type request struct {
	writes []store.Write
	answer chan answer // has room for one
}

type answer struct {
	at  []store.Appended
	err error
}

// commit takes requests until Close. It alone writes to the file.
func (l *Log) commit() {
	defer close(l.done)
	for {
		select {
		case r := <-l.queue:
			l.settle(l.group(r))
		case <-l.quit:
			return
		}
	}
}

// group joins to the first request whatever else is waiting.
func (l *Log) group(first request) []request {
	rs := []request{first}
	for writes, bytes := first.size(); writes < groupWrites && bytes < groupBytes; {
		select {
		case r := <-l.queue:
			w, b := r.size()
			rs, writes, bytes = append(rs, r), writes+w, bytes+b
		default:
			return rs
		}
	}
	return rs
}

func (r request) size() (writes, bytes int) {
	for _, w := range r.writes {
		for _, e := range w.Entries {
			bytes += len(e.Data)
		}
	}
	return len(r.writes), bytes
}

// settle answers every request. Should a transaction fail that several share,
// each gets one of its own, so that nobody fails for another's sake.
func (l *Log) settle(rs []request) {
	answers, err := l.together(context.Background(), rs)
	if err != nil && len(rs) > 1 {
		for _, r := range rs {
			l.settle([]request{r})
		}
		return
	}
	for i, r := range rs {
		if err != nil {
			answers[i] = answer{err: fmt.Errorf("append to %s: %w", r.writes[0].Stream, err)}
		}
		r.answer <- answers[i]
	}
}

// together puts the requests into one transaction.
func (l *Log) together(ctx context.Context, rs []request) ([]answer, error) {
	answers, err := l.transact(ctx, rs, false)
	if errors.Is(err, errCarefully) || taken(err) {
		return l.transact(ctx, rs, true)
	}
	return answers, err
}

// errCarefully asks for another plan: a refusal may rest on what was only assumed.
var errCarefully = errors.New("look before")

// taken says that an id or a place that was to be added is in the table already.
func taken(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

func (l *Log) transact(ctx context.Context, rs []request, careful bool) ([]answer, error) {
	answers := make([]answer, len(rs))
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return answers, err
	}
	defer func() { _ = tx.Rollback() }()
	p := l.plan(ctx, tx)
	p.careful = careful
	for i, r := range rs {
		answers[i].at, answers[i].err = p.append(r.writes)
		if answers[i].err != nil && !careful {
			return answers, errCarefully
		}
	}
	if len(p.rows) == 0 {
		return answers, nil
	}
	if err = l.insertAll(ctx, tx, p.rows); err == nil {
		err = tx.Commit()
	}
	if err != nil {
		_ = tx.Rollback()
		// Perhaps somebody else wrote to the file: look again before the next.
		_ = l.load(ctx)
		return answers, err
	}
	l.at = p.at
	l.announce(p.last, p.rows)
	return answers, nil
}

func (l *Log) insertAll(ctx context.Context, tx *sql.Tx, rows []store.Recorded) error {
	insert := tx.StmtContext(ctx, l.insert)
	for _, r := range rows {
		cause, err := json.Marshal(r.Cause)
		if err != nil {
			return err
		}
		data := r.Data
		if data == nil {
			data = []byte{} // nil would be NULL
		}
		if _, err := insert.ExecContext(ctx, r.Position, r.ID[:], r.Stream, r.Revision, r.Type, r.At.UnixNano(), string(cause), data); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) plan(ctx context.Context, tx *sql.Tx) *plan {
	last, _ := l.newest()
	p := &plan{
		ctx: ctx, head: tx.StmtContext(ctx, l.head), byID: tx.StmtContext(ctx, l.byID),
		at: time.Now().UTC().Round(0), last: last,
		heads: map[store.Stream]store.Revision{}, places: map[store.EventID]place{},
	}
	if p.at.Before(l.at) {
		p.at = l.at
	}
	return p
}
