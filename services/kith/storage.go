package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kith/events/store"
	"kith/events/store/esdb"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/lock"
)

// Kinds of store.
const (
	storeSQLite       = "sqlite"
	storeEventStoreDB = "eventstoredb"
)

// check finds what is wrong without asking the database. No text of it may quote
// a connection: that can hold a password.
func (s HubStore) check() (cs checks) {
	given := s.Connection != "" || s.ConnectionFile != ""
	switch s.Kind {
	case storeSQLite, "":
		cs.that(!given, "store.connection and store.connectionFile go with kind eventstoredb")
	case storeEventStoreDB:
		cs.that(given, "store.connection or store.connectionFile is needed with kind eventstoredb")
		cs.that(s.Connection == "" || s.ConnectionFile == "", "store.connection and store.connectionFile cannot both be given")
		if s.Connection != "" {
			if err := checkConnection(s.Connection); err != nil {
				cs = append(cs, fmt.Errorf("store.connection %w", err))
			}
		}
	default:
		cs.that(false, "store.kind must be sqlite or eventstoredb")
	}
	return cs
}

// clear reports whether a database off this machine is reached without TLS.
func (s HubStore) clear() bool {
	c, err := s.connection()
	if err != nil || s.Kind != storeEventStoreDB {
		return false
	}
	_, rest, _ := strings.Cut(c, "://")
	hosts, options, _ := strings.Cut(rest, "?")
	hosts = hosts[strings.LastIndex(hosts, "@")+1:]
	return strings.Contains(strings.ToLower(options), "tls=false") && slices.ContainsFunc(strings.Split(hosts, ","), func(h string) bool {
		host, _, err := net.SplitHostPort(strings.TrimSuffix(h, "/"))
		return err != nil || !loopback(net.JoinHostPort(host, "0"))
	})
}

func checkConnection(c string) error {
	scheme, rest, ok := strings.Cut(c, "://")
	if !ok || scheme != "esdb" && scheme != "esdb+discover" {
		return errors.New("must begin with esdb:// or esdb+discover://")
	}
	host, options, _ := strings.Cut(rest, "?")
	if strings.Contains(host, "@") && strings.Contains(strings.ToLower(options), "tls=false") {
		return errors.New("has a user and tls=false: the password would be left out. Use TLS, or a database without users and no user")
	}
	return nil
}

// connection is where the database is, from whichever of the two places.
func (s HubStore) connection() (string, error) {
	if s.ConnectionFile == "" {
		return s.Connection, nil
	}
	b, err := os.ReadFile(s.ConnectionFile)
	if err != nil {
		return "", fmt.Errorf("store.connectionFile: %w", err)
	}
	c := strings.TrimSpace(string(b))
	if err := checkConnection(c); err != nil {
		return "", fmt.Errorf("store.connectionFile: what it holds %w", err)
	}
	return c, nil
}

// closable is a log as the record holds it: whichever it is, the record opened it.
type closable interface {
	store.Log
	io.Closer
}

// open opens one log: of the events or of the ledger.
func (s HubStore) open(ctx context.Context, dir, name string) (closable, error) {
	if s.Kind != storeEventStoreDB {
		return sqlitelog.Open(ctx, filepath.Join(dir, name+".db"))
	}
	c, err := s.connection()
	if err != nil {
		return nil, err
	}
	return esdb.Open(ctx, c, name)
}

// claim takes a hub's folder for this process, until release. Two hubs in one
// folder would each have half of the outboxes, and, with SQLite, break the log's
// one rule.
func claim(dir string) (release func(), err error) {
	release, err = lock.New(filepath.Join(dir, "hub.lock")).Try()
	if errors.Is(err, lock.ErrHeld) {
		return nil, fmt.Errorf("another hub runs in %s: a folder is one hub's. Give this one another folder; to share a log they need store.kind eventstoredb and the same keys: %w", dir, err)
	}
	return release, err
}
