package backup

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"kith/events/bus"
	"kith/services/internal/keys"
	"kith/services/internal/lock"
	"kith/services/internal/sqlite"
)

// Config says what to copy and where to.
type Config struct {
	Data      string // the hub's folder
	To        string // for the record: a new or empty folder
	KeysTo    string // for the keys: another; they are not copied if it is empty
	Keys      string // where the hub's keys lie; Data/keys if empty
	Elsewhere bool   // the logs are not in Data: EventStoreDB has them, and a backup of its own
	Version   string // of this program

	Progress func(Step) // told of each file; may be nil
}

// Step is one file that is being copied or was.
type Step struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"` // so far
	Done  bool   `json:"done"`
}

// maker is one backup under way.
type maker struct {
	Config
	record, keys Manifest
	signer       *bus.Signer // nil where the hub has no key for receipts yet
}

// Make copies a hub's record, and its keys if it is told where to. The hub may
// be running, and is not kept waiting. Its answer is what was written; an error
// leaves folders without a seal, which nobody takes for a backup.
//
// What is copied first is what refers to something, then what it refers to: the
// outboxes and the checkpoints, the ledger, the event log, the keys, the list of
// destroyed keys. So a message is in its outbox or in the log; no checkpoint is of more than the
// log holds; each payload has its key; and no key is there that was destroyed.
func Make(ctx context.Context, c Config) (record Manifest, private *Manifest, err error) {
	m := &maker{Config: c}
	if err := m.prepare(); err != nil {
		return record, nil, fmt.Errorf("back up: %w", err)
	}
	for _, step := range []func(context.Context) error{m.outboxes, m.checkpoints, m.logs, m.policies, m.secrets, m.erasures, m.finish} {
		if err := step(ctx); err != nil {
			return record, nil, fmt.Errorf("back up: %w; what is in %s is not whole: delete it", err, c.To)
		}
	}
	if c.KeysTo != "" {
		private = &m.keys
	}
	return m.record, private, nil
}

func (m *maker) prepare() (err error) {
	if m.Progress == nil {
		m.Progress = func(Step) {}
	}
	m.record = Manifest{Kind: Record, Run: strings.ToLower(rand.Text()), Began: time.Now().UTC(), Kith: m.Version}
	m.keys = m.record
	m.keys.Kind = Keys
	m.Keys = cmp.Or(m.Keys, filepath.Join(m.Data, "keys"))
	m.record.Elsewhere, m.keys.Elsewhere = m.Elsewhere, m.Elsewhere
	if _, err := os.Stat(filepath.Join(m.Keys, "keys.db")); err != nil {
		return fmt.Errorf("%s is not the folder of a hub's keys: %w", m.Keys, err)
	}
	for _, name := range []string{"events.db", "ledger.db"} {
		if _, err := os.Stat(filepath.Join(m.Data, name)); (err != nil) != m.Elsewhere {
			return fmt.Errorf("whether %s lies in %s: %w", name, m.Data, errElsewhere)
		}
	}
	if err := apart(m.Data, m.To, m.KeysTo); err != nil {
		return err
	}
	receipts := filepath.Join(m.Keys, "receipts.key")
	if _, err := os.Stat(receipts); err == nil { // NewSigner would make one
		if m.signer, err = bus.NewSigner(receipts); err != nil {
			return err
		}
	}
	for _, dir := range []string{m.To, m.KeysTo} {
		if dir != "" {
			if err := fresh(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

var errElsewhere = errors.New("say that the logs lie in EventStoreDB if they do, and only then")

// apart refuses folders that lie in each other: keys are not to be kept where
// the log is, nor a backup where the hub works.
func apart(dirs ...string) error {
	for i, a := range dirs {
		for j, b := range dirs {
			if i == j || a == "" || b == "" {
				continue
			}
			a, err := filepath.Abs(a)
			if err != nil {
				return err
			}
			if b, err = filepath.Abs(b); err != nil {
				return err
			}
			if below, err := filepath.Rel(a, b); err == nil && filepath.IsLocal(below) {
				return fmt.Errorf("%s lies in %s; name folders that lie apart", b, a)
			}
		}
	}
	return nil
}

// outboxes hold what agencies handed in at the hub's own doors and the hub has
// not answered. It cannot be rebuilt, and it is not sealed: it goes with the keys.
func (m *maker) outboxes(ctx context.Context) error {
	if m.KeysTo == "" {
		return nil
	}
	return m.each("outbox/*.db", func(name string) error { return m.database(ctx, &m.keys, m.KeysTo, name) })
}

// policies are the sets under which the hub decided: without them nobody can say
// why something was shown.
func (m *maker) policies(context.Context) error {
	return m.each("policies/*.cedar", func(name string) error { return m.plain(&m.record, m.To, name) })
}

// checkpoints and cosignatures, and the hashes below them: these could be built
// again, but a restored log is compared with them. Files that only grow are
// copied as they are; what they lack of the log the hub adds.
func (m *maker) checkpoints(context.Context) error {
	for _, pattern := range []string{"tree/*", "witness/*", "witness/*/*"} {
		if err := m.each(pattern, func(name string) error { return m.plain(&m.record, m.To, name) }); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) logs(ctx context.Context) (err error) {
	if m.Elsewhere {
		return nil
	}
	for _, log := range []struct {
		name string
		last *uint64
	}{{"ledger.db", &m.record.Ledger}, {"events.db", &m.record.Events}} {
		if err := m.database(ctx, &m.record, m.To, log.name); err != nil {
			return err
		}
		if *log.last, err = extent(ctx, filepath.Join(m.To, log.name)); err != nil {
			return err
		}
	}
	m.keys.Events, m.keys.Ledger = m.record.Events, m.record.Ledger
	return nil
}

// secrets are what opens the record, and the credentials that agencies come with
// where the hub runs NATS itself.
func (m *maker) secrets(ctx context.Context) error {
	if m.KeysTo == "" {
		return nil
	}
	// Keys and master key of one moment: nobody rotates it in between.
	unlock, err := lock.New(filepath.Join(m.Keys, "open.lock")).Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.database(ctx, &m.keys, m.KeysTo, "keys/keys.db"); err != nil {
		return err
	}
	for _, pattern := range []string{"keys/*.key", "nats/keys/*.nk", "nats/creds/*.creds"} {
		if err := m.each(pattern, func(name string) error { return m.plain(&m.keys, m.KeysTo, name) }); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) erasures(ctx context.Context) error {
	all, err := keys.ErasedIn(ctx, filepath.Join(m.Keys, "keys.db"))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	for _, e := range all {
		if !e.Withheld {
			m.record.Erased++
		}
	}
	m.record.Hidden = len(all) - m.record.Erased
	m.keys.Erased, m.keys.Hidden = m.record.Erased, m.record.Hidden
	for dir, of := range m.folders() {
		if err := writeFile(filepath.Join(dir, erasedName), append(text, '\n')); err != nil {
			return err
		}
		if err := m.note(of, dir, erasedName); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) folders() map[string]*Manifest {
	if m.KeysTo == "" {
		return map[string]*Manifest{m.To: &m.record}
	}
	return map[string]*Manifest{m.To: &m.record, m.KeysTo: &m.keys}
}

// finish seals the keys before the record, whose seal thereby says that the
// whole backup succeeded.
func (m *maker) finish(ctx context.Context) error {
	m.record.Ended = time.Now().UTC()
	m.keys.Ended = m.record.Ended
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.KeysTo != "" {
		if err := errors.Join(syncDirs(m.KeysTo), m.keys.write(m.KeysTo, m.signer)); err != nil {
			return err
		}
	}
	return errors.Join(syncDirs(m.To), m.record.write(m.To, m.signer))
}

// source is where a file lies that the backup has under a name.
func (m *maker) source(name string) string {
	if below, found := strings.CutPrefix(name, "keys/"); found {
		return filepath.Join(m.Keys, below)
	}
	return filepath.Join(m.Data, name)
}

// each does something with each file of the hub that fits.
func (m *maker) each(pattern string, do func(name string) error) error {
	root, below, _ := strings.Cut(pattern, "/")
	found, err := fs.Glob(os.DirFS(m.source(root+"/")), below)
	if err != nil {
		return err
	}
	for _, f := range found {
		name := path.Join(root, f)
		if i, err := os.Stat(m.source(name)); err != nil || !i.Mode().IsRegular() {
			continue
		}
		if err := do(name); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) plain(of *Manifest, dir, name string) error {
	if err := copyPlain(m.source(name), filepath.Join(dir, name)); err != nil {
		return err
	}
	return m.note(of, dir, name)
}

// database copies a SQLite file and checks the copy.
func (m *maker) database(ctx context.Context, of *Manifest, dir, name string) error {
	to := filepath.Join(dir, name)
	watched, stop := context.WithCancel(ctx)
	go m.watch(watched, to, name)
	err := sqlite.Copy(ctx, m.source(name), to)
	stop()
	if err == nil {
		err = sqlite.Check(ctx, to)
	}
	if err != nil {
		return err
	}
	return m.note(of, dir, name)
}

// watch tells how large a copy is, while it grows.
func (m *maker) watch(ctx context.Context, path, name string) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if i, err := os.Stat(path); err == nil {
				m.Progress(Step{File: name, Bytes: i.Size()})
			}
		}
	}
}

func (m *maker) note(of *Manifest, dir, name string) error {
	f, err := measure(dir, name)
	if err != nil {
		return err
	}
	of.Files = append(of.Files, f)
	m.Progress(Step{File: f.Name, Bytes: f.Size, Done: true})
	return nil
}
