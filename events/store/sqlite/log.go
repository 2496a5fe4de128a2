// Package sqlite keeps the event store in one SQLite file. It is the log of a
// hub that runs on one machine.
//
// Everything that is waiting to be appended goes into one transaction and
// shares one sync of the disk; each append still gets a verdict of its own. One
// process at a time may have the log open; the constraints of the table hold
// even against one that breaks this rule.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"kith/events/store"
	"kith/events/store/sqlite/file"
)

// ErrClosed reports the use of a Log after Close.
var ErrClosed = errors.New("log closed")

// Log is a store.Log in a SQLite file. An append is all or nothing, however
// many streams it writes. Append gives up waiting when its context ends, and
// then nothing was written; once its transaction began it waits for the end.
type Log struct {
	file               *file.File
	write, read        *sql.DB   // of file
	insert, head, byID *sql.Stmt // on write
	stream, all        *sql.Stmt // on read

	queue chan request
	quit  chan struct{} // closed by Close
	done  chan struct{} // closed when the committer ended
	close sync.Once

	at time.Time // of the newest event; the committer's own

	mu   sync.Mutex
	last store.Position // newest on stable storage
	tail tail           // the newest events, up to last
	more chan struct{}  // closed and replaced when last moves
}

var _ store.Log = (*Log)(nil)

// Open opens the log at path, which it makes if it is not there.
func Open(ctx context.Context, path string) (*Log, error) {
	l := &Log{
		queue: make(chan request),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
		more:  make(chan struct{}),
	}
	err := l.open(ctx, path)
	if err == nil {
		err = l.load(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open log: %w", err), l.shut())
	}
	go l.commit()
	return l, nil
}

// Append is store.Log's.
func (l *Log) Append(ctx context.Context, ws ...store.Write) ([]store.Appended, error) {
	if len(ws) == 0 {
		return nil, nil
	}
	for _, w := range ws {
		if len(w.Entries) == 0 {
			return nil, fmt.Errorf("append to %s: no events", w.Stream)
		}
	}
	r := request{writes: ws, answer: make(chan answer, 1)}
	select {
	case l.queue <- r:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-l.quit:
		return nil, ErrClosed
	}
	a := <-r.answer
	return a.at, a.err
}

// Last is store.Log's.
func (l *Log) Last(context.Context) (store.Position, error) {
	last, _ := l.newest()
	return last, nil
}

// Close waits for the appends under way and closes the file. Who follows the
// log gets ErrClosed.
func (l *Log) Close() error {
	err := ErrClosed
	l.close.Do(func() {
		close(l.quit)
		<-l.done
		err = l.shut()
	})
	return err
}

// newest is the last position and a channel that closes when there is a newer one.
func (l *Log) newest() (store.Position, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.more
}

// announce makes what was committed known to who follows.
func (l *Log) announce(last store.Position, rows []store.Recorded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = last
	l.tail.add(rows)
	close(l.more)
	l.more = make(chan struct{})
}
