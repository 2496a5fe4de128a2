// Package esdb keeps the event store in EventStoreDB or KurrentDB. It is the log
// of hubs that run on several machines: any number of processes may have it open.
//
// A stream of ours is the stream "<prefix>.<stream>" of the database, so that
// several logs can share one. A position is the database's commit position:
// ascending, not dense. The database has no append to several streams, so such
// an append is done stream by stream, and the same call repeated completes what
// a crash cut off.
//
// All calls go to the leader of a cluster, which alone has read what it wrote.
// What is wrong with the database's client, which this package must live with,
// is said where it is dealt with, and in docs/decisions/0014.
package esdb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"kith/events/store"
)

// Log is a store.Log in an event store that runs elsewhere. Each write is added
// whole; of several the first may be there when a later one fails.
//
// It takes only event ids that store.NewEventID made of the stream, the cause
// and the place in the write: that an id names no event of another stream then
// needs no looking up. Any other id is store.ErrReusedID.
//
// The time of an event is the leader's clock at the moment of writing, in steps
// of 100 ns. It goes back only where that clock does, or where a new leader's
// lags behind the old one's: keep them in step.
type Log struct {
	prefix  string // of our streams, with its dot
	clients *clients
	heads   *heads

	quit  chan struct{} // closed by Close
	close sync.Once

	mu       sync.Mutex
	last     store.Position // newest of ours that we know of
	searched uint64         // up to here there is none of ours after last
}

var _ store.Log = (*Log)(nil)

var prefixes = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// Open connects to the database, which must be there. The connection string is
// the client's, "esdb://user:password@host:2113" for one node or
// "esdb+discover://…" for a cluster; prefix is a word that keeps this log apart
// from others in the same database.
func Open(ctx context.Context, connection, prefix string) (*Log, error) {
	if !prefixes.MatchString(prefix) {
		return nil, fmt.Errorf("open log: prefix %q is not a word of small letters and digits", prefix)
	}
	conf, err := parse(connection)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l := &Log{prefix: prefix + ".", clients: newClients(conf), heads: newHeads(), quit: make(chan struct{})}
	if _, err := l.Last(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open log: %w", err), l.Close())
	}
	return l, nil
}

// parse refuses what the client would silently do without. Its own errors may
// quote the password.
func parse(connection string) (*client.Configuration, error) {
	conf, err := client.ParseConnectionString(connection)
	if err != nil {
		return nil, errors.New(`connection string cannot be read; it looks like "esdb://user:password@host:2113"`)
	}
	if conf.Username != "" && conf.DisableTLS {
		return nil, errors.New("connection string has a user and tls=false: the password would be left out, so every call refused; " +
			"use TLS, or a database without users and no user")
	}
	return conf, nil
}

// Close waits for the calls under way. Who follows the log gets ErrClosed.
func (l *Log) Close() error {
	err := ErrClosed
	l.close.Do(func() {
		close(l.quit)
		l.clients.close()
		err = nil
	})
	return err
}
