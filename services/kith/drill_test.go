package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kith/events/bus"
	"kith/services/internal/backup"
	"kith/services/internal/sqlite"
)

// TestDrill is the day on which the disk of the hub is lost: a hub under load is
// backed up, by a program that is itself killed a few times first; the hub is
// killed and its folder is gone; the backup is put in its place. What the hub
// serves must be what it served before, up to the backup's position, and the
// agencies come with the credentials that they have.
func TestDrill(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: kills real processes; run without -short")
	}
	v, j := newVictim(t), &journal{}
	v.startHub(t)
	v.ready(t)
	v.startPolice(t)
	stop := v.senders(t, j)
	more := func(n int) {
		from := j.receipts()
		v.hub.until(t, "more receipts and a read", func() bool { return j.receipts() >= from+n && j.views.Load() > 2 })
	}
	more(200)
	killedBackups(t, v.data())
	record, keys := filepath.Join(t.TempDir(), "record"), filepath.Join(t.TempDir(), "keys")
	said := kith(t, "backup", "-json", "-data", v.data(), "-to", record, "-keys-to", keys)
	at, _, err := backup.Open(record)
	if err != nil || !bytes.Contains(said, []byte(`"record"`)) {
		t.Fatalf("%v: %s", err, said)
	}
	more(200)
	stop()
	before := v.drillViews(t)
	v.police.kill(t)
	v.hub.kill(t)

	lost := filepath.Join(v.dir, "lost")
	if err := os.Rename(v.data(), lost); err != nil {
		t.Fatal(err)
	}
	kith(t, "restore", "-from", record, "-keys-from", keys, "-data", v.data())
	for name, last := range map[string]uint64{"events.db": at.Events, "ledger.db": at.Ledger} {
		if a, b := rowsUpTo(t, filepath.Join(lost, name), last), rowsUpTo(t, v.data(name), last); a != b || last == 0 {
			t.Errorf("%s is not what it was up to %d", name, last)
		}
	}
	v.startHub(t)
	v.ready(t)
	stood, gone := byPosition(j.all(), at.Events)
	if len(stood) == 0 || len(gone) == 0 {
		t.Fatalf("%d receipts up to the backup and %d after it: the drill shows nothing", len(stood), len(gone))
	}
	v.served(t, stood)
	v.sameUpTo(t, before, stood, gone)
	again := v.handInAgain(t, gone) + v.edgeHandsInAgain(t, j, gone, at.Events)
	t.Logf("%d receipts up to position %d stand; of %d later ones, %d were handed in again", len(stood), at.Events, len(gone), again)
}

// killedBackups begins backups and kills them: none may be taken for whole.
func killedBackups(t *testing.T, data string) {
	t.Helper()
	whole := 0
	const rounds = 8
	for range rounds {
		record, keys := filepath.Join(t.TempDir(), "record"), filepath.Join(t.TempDir(), "keys")
		p := startKith(t, "backup", "-data", data, "-to", record, "-keys-to", keys)
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
		_ = p.cmd.Process.Kill()
		<-p.ended
		ended := p.err
		_, _, err := backup.Open(record)
		if err == nil {
			whole++
		}
		_, restored := backup.Restore(t.Context(), backup.RestoreConfig{From: record, KeysFrom: keys, Data: filepath.Join(t.TempDir(), "hub")})
		if (restored == nil) != (err == nil) || ended == nil && restored != nil {
			t.Errorf("killed at some point (%v): opens with %v, is restored with %v", ended, err, restored)
		}
	}
	t.Logf("%d backups were killed: %d had just ended, the others were refused", rounds, whole)
}

// kith runs a command in a process of its own.
func kith(t *testing.T, args ...string) []byte {
	t.Helper()
	p := startKith(t, args...)
	<-p.ended
	if p.err != nil {
		t.Fatalf("kith %v: %v\n%s", args, p.err, p.said)
	}
	return []byte(p.said.String())
}

// drillViews are the views of some children, item by item.
func (v *victim) drillViews(t *testing.T) map[string]string {
	t.Helper()
	items := map[string]string{}
	for kid := range 8 {
		for _, token := range []string{officerToken, nurseToken} {
			view, ok := v.look(t.Context(), token, kid)
			if !ok {
				continue // its first report may be among what came later
			}
			for _, i := range view.Items {
				b, err := json.Marshal(i)
				if err != nil {
					t.Fatal(err)
				}
				items[token+" "+i.Source+" "+i.EventID] = string(b)
			}
		}
	}
	return items
}

// sameUpTo wants each item as it was shown, and none that came after the backup.
func (v *victim) sameUpTo(t *testing.T, was map[string]string, stood, gone []held) {
	t.Helper()
	is := v.drillViews(t)
	for key, item := range is {
		if was[key] != item {
			t.Errorf("%s is shown otherwise:\n%s\n%s", key, was[key], item)
		}
	}
	compared := 0
	for _, token := range []string{officerToken, nurseToken} {
		for _, h := range stood {
			key := token + " " + h.Source + " " + h.ID
			if was[key] != "" {
				compared++
			}
			if was[key] != is[key] {
				t.Errorf("%s was shown and is not", key)
			}
		}
		for _, h := range gone {
			if is[token+" "+h.Source+" "+h.ID] != "" {
				t.Errorf("%s came after the backup and is shown", h.ID)
			}
		}
	}
	if compared == 0 {
		t.Error("no item was compared")
	}
	t.Logf("%d items are shown as they were", compared)
}

// handInAgain is what agencies do for what came after the backup: from their own
// systems, with the credentials they have. They get new receipts.
func (v *victim) handInAgain(t *testing.T, gone []held) (n int) {
	t.Helper()
	for _, a := range v.agencies[:2] {
		link, err := bus.Connect(t.Context(), bus.Link{URL: v.nats, Creds: v.data("nats", "creds", string(a.ID)+".creds"), Agency: a.ID})
		if err != nil {
			t.Fatal(err)
		}
		defer link.Close()
		for _, h := range gone {
			if h.Source != a.Source || h.kid < 0 { // what the edge sent is its own to send
				continue
			}
			s := sender{link: link, agency: a}
			again, ok := s.send(t.Context(), s.message(h.ID, h.kid))
			if !ok || again.Receipt == nil {
				t.Errorf("%s, handed in again: %v", h.ID, again)
			}
			n++
		}
	}
	return n
}

// edgeHandsInAgain is the same at the police, whose records go through an edge:
// it answers with the receipt it holds until it is told that this is worth
// nothing any more.
func (v *victim) edgeHandsInAgain(t *testing.T, j *journal, gone []held, restored uint64) (n int) {
	t.Helper()
	was := map[string]string{} // notes of receipts, by event
	for _, h := range gone {
		if h.kid < 0 {
			was[h.ID] = h.Note
		}
	}
	said := kith(t, "lost", "-json", "-forget", "-data", filepath.Join(v.dir, "police"), "-after", fmt.Sprint(restored))
	if lines := bytes.Count(said, []byte("\n")); lines < len(was) || len(was) == 0 {
		t.Errorf("the edge calls %d receipts lost, at least %d are", lines, len(was))
	}
	v.startPolice(t)
	v.police.until(t, "answer from the edge", func() bool { return answers(v.policeAt + "/livez") })
	for _, record := range j.kept {
		id := named(t, record)
		if was[id] == "" {
			continue
		}
		v.police.until(t, "a new receipt of "+id, func() bool {
			rs, _, err := v.hand(t.Context(), record)
			return err == nil && len(rs) == 1 && rs[0].ID == id && rs[0].Note != was[id]
		})
		n++
	}
	return n
}

func byPosition(all []held, last uint64) (stood, gone []held) {
	for _, h := range all {
		if h.Position <= last {
			stood = append(stood, h)
		} else {
			gone = append(gone, h)
		}
	}
	return stood, gone
}

// rowsUpTo is a digest of all that a log holds up to a position.
func rowsUpTo(t *testing.T, path string, last uint64) (text string) {
	t.Helper()
	db, err := sqlite.Existing(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRow(`SELECT group_concat(row, char(10)) FROM (SELECT format('%d %s %s %d %s %d %s %s', position, hex(id), stream, revision, type, at, cause, hex(data)) AS row
		FROM events WHERE position <= ? ORDER BY position)`, last).Scan(&text)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", filepath.Base(path), err))
	}
	return text
}
