// Package file opens SQLite files so that what was committed outlives disks
// that fail. SQLite by itself does not go so far: see Checkpoint and settle.
package file

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// Readers is how many reads of one file run at once; more wait in line, so that
// none starves.
const Readers = 8

// Config says how a file is kept.
type Config struct {
	Path        string        // made if it is not there, for its owner alone
	Synchronous string        // FULL or NORMAL, as SQLite has them
	Params      url.Values    // more of them, for every connection
	Pragmas     []string      // for the connection that writes
	Every       time.Duration // how often what was committed is moved into the file

	Through func(driver.Connector) driver.Connector // by which connections are made, if set
}

// File is one SQLite file with a write-ahead log. Write has a single
// connection, whose transactions take the write lock when they begin. Read
// cannot write, and sees what was committed when its statement began.
type File struct {
	Write, Read *sql.DB

	path string
	raw  driver.Connector // of Write, without us

	mu     sync.Mutex // held while a connection is made
	sealed bool       // nothing is open, and settle comes first

	tidying sync.Mutex // held by who moves what was committed
	suspect error      // why the file may lack what was moved into it
	seen    time.Time  // when the write-ahead log had last been written, when it was last emptied

	stop    context.CancelFunc
	running sync.WaitGroup
}

// Open opens a file. What it was found to hold is on stable storage.
func Open(ctx context.Context, c Config) (*File, error) {
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	if err := Reserve(path); err != nil {
		return nil, err
	}
	f := &File{path: path, sealed: true}
	if f.raw, err = connector(path, c.Params, url.Values{"_txlock": {"immediate"}, "_journal_mode": {"WAL"},
		"_synchronous": {c.Synchronous}, "_pragma": append([]string{"wal_autocheckpoint(0)"}, c.Pragmas...)}); err != nil {
		return nil, err
	}
	read, err := connector(path, c.Params, url.Values{"mode": {"ro"}})
	if err != nil {
		return nil, err
	}
	if c.Through == nil {
		c.Through = func(c driver.Connector) driver.Connector { return c }
	}
	f.Write, f.Read = pool(c.Through(&gate{f, f.raw}), 1), pool(c.Through(&gate{f, read}), Readers)
	// The file has to be there before anybody can only read it.
	if err := errors.Join(f.Write.PingContext(ctx), f.Read.PingContext(ctx)); err != nil {
		return nil, errors.Join(err, f.Write.Close(), f.Read.Close())
	}
	ctx, f.stop = context.WithCancel(context.Background())
	f.running.Go(func() { f.tidy(ctx, c.Every) })
	return f, nil
}

// Close closes the readers first: the last writer to leave moves what is left.
// While the file is suspect that must not happen, and is left to the next Open.
func (f *File) Close() error {
	f.stop()
	f.running.Wait()
	f.tidying.Lock()
	defer f.tidying.Unlock()
	if err := f.recover(context.Background()); err != nil {
		return err // left open: it must not be closed in order
	}
	return errors.Join(f.Read.Close(), f.Write.Close())
}

// Connect makes a pool of connections to a file as it is: to look at it, at
// most.
func Connect(path string, params url.Values, conns int) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c, err := connector(path, params)
	if err != nil {
		return nil, err
	}
	return pool(c, conns), nil
}

func connector(path string, params ...url.Values) (driver.Connector, error) {
	all := url.Values{"_busy_timeout": {"5000"}, "_dqs": {"0"}}
	for _, p := range params {
		for name, values := range p {
			all[name] = values
		}
	}
	name := url.URL{Scheme: "file", Path: path, RawQuery: all.Encode()}
	return sqlite.NewConnector(name.String())
}

func pool(c driver.Connector, conns int) *sql.DB {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db
}

// gate makes connections, but the first only after the file was settled.
type gate struct {
	f *File
	driver.Connector
}

func (g *gate) Connect(ctx context.Context) (driver.Conn, error) {
	g.f.mu.Lock()
	defer g.f.mu.Unlock()
	if g.f.sealed {
		if err := g.f.settle(ctx); err != nil {
			return nil, err
		}
		g.f.sealed = false
	}
	return g.Connector.Connect(ctx)
}
