package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kith/services/internal/sqlite"
)

// TestKill kills the hub, which holds NATS, and the police's edge with -9, over
// and over, while agencies publish and a reader looks, and then asks for
// everything that anybody was promised. KITH_SOAK=1 kills 200 times.
//
// The seed chooses when to kill; the same seed chooses the same, but what the
// processes were doing then is the machine's own.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: kills real processes; run without -short")
	}
	kills := 12
	if os.Getenv("KITH_SOAK") != "" {
		kills = 200
	}
	seed := seedOf(t)
	v, j := newVictim(t), &journal{}
	k := &killer{victim: v, journal: j, rnd: rand.New(rand.NewPCG(seed, 3)), count: map[string]int{}}
	v.startHub(t)
	v.ready(t)
	v.startPolice(t)
	stop := v.senders(t, j)
	began := time.Now()
	for n := range kills {
		m := moments[n%len(moments)]
		m.kill(t, k)
		k.count[m.name]++
		if t.Failed() {
			break
		}
	}
	t.Logf("%d kills in %.0f s: %s", kills, time.Since(began).Seconds(), k)
	v.after(t, j, stop, kills)
}

func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KITH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal("KITH_SEED is not a number")
		}
	}
	t.Logf("seed: KITH_SEED=%d", seed)
	return seed
}

// killer chooses when to kill.
type killer struct {
	*victim
	journal *journal
	rnd     *rand.Rand
	count   map[string]int

	restored int // backups that were whole in spite of it
}

func (k *killer) String() string {
	var all []string
	for _, m := range moments {
		all = append(all, fmt.Sprintf("%d during %s", k.count[m.name], m.name))
	}
	return strings.Join(all, ", ") + fmt.Sprintf("; %d backups whole in spite of it and restored", k.restored)
}

// moments are what is going on when the kill comes. Each leaves the processes
// running again. Only one read model is thrown away at a time, and early in each
// round: the others show what all the kills before did to them.
var moments = []struct {
	name string
	kill func(*testing.T, *killer)
}{
	{"projection", func(t *testing.T, k *killer) { // while a read model is built from the beginning
		k.progress(t, k.journal.receipts, max(1+k.rnd.IntN(10), 400-k.journal.receipts())) // many transactions' worth
		k.hub.kill(t)
		model := []string{"identity", "childview", "strategy"}[k.count["projection"]%3]
		for _, more := range []string{"", "-wal", "-shm"} {
			remove(t, k.data("models", model+".db"+more))
		}
		k.startHub(t)
		k.hub.until(t, "read model", wrote(k.data("models", model+".db-wal")))
		k.hub.until(t, "first rows", k.moved(t, model))
		k.fell(t, 10*time.Millisecond)
	}},
	{"publish", func(t *testing.T, k *killer) { // some receipts later, anywhere on an event's way
		k.progress(t, k.journal.receipts, 1+k.rnd.IntN(40))
		k.fell(t, 5*time.Millisecond)
	}},
	{"append", func(t *testing.T, k *killer) { // while the log is being written
		k.progress(t, k.journal.receipts, 1+k.rnd.IntN(10))
		k.hub.until(t, "write to the log", wrote(k.data("events.db-wal")))
		k.fell(t, time.Millisecond)
	}},
	{"outbox", func(t *testing.T, k *killer) { // while the edge takes records
		k.progress(t, k.journal.records, 1+k.rnd.IntN(20))
		k.police.until(t, "write to the outbox", wrote(filepath.Join(k.dir, "police", "outbox.db-wal")))
		time.Sleep(k.upTo(3 * time.Millisecond))
		k.police.kill(t)
		k.startPolice(t)
	}},
	{"rebuild", func(t *testing.T, k *killer) { // while read models are built beside those that serve
		k.progress(t, k.journal.receipts, 1+k.rnd.IntN(10))
		p := startKith(t, "rebuild", "-data", k.data())
		k.fell(t, 400*time.Millisecond)
		<-p.ended // it said good-bye to the hub, or was done before
	}},
	{"backup", func(t *testing.T, k *killer) { // while the record is copied: the copying or the hub
		k.progress(t, k.journal.receipts, 1+k.rnd.IntN(10))
		k.backup(t)
	}},
	{"start", func(t *testing.T, k *killer) { // a hub that was killed, before it is ready again
		k.hub.kill(t)
		k.startHub(t)
		k.fell(t, 400*time.Millisecond)
	}},
	{"everything", func(t *testing.T, k *killer) { // hub and edge at once
		k.progress(t, k.journal.receipts, 1+k.rnd.IntN(20))
		k.police.kill(t)
		k.fell(t, time.Millisecond)
		k.startPolice(t)
	}},
}

// backup kills a backup under way, or the hub meanwhile. What lies there
// afterwards is a whole backup or is refused as one.
func (k *killer) backup(t *testing.T) {
	t.Helper()
	at := func(what string) string { return filepath.Join(k.dir, what) }
	p := startKith(t, "backup", "-data", k.data(), "-to", at("record"), "-keys-to", at("keys"))
	time.Sleep(k.upTo(300 * time.Millisecond))
	if k.rnd.IntN(2) == 0 {
		p.cmd.Process.Kill()
	} else {
		k.hub.kill(t)
		k.startHub(t)
	}
	<-p.ended
	r := startKith(t, "restore", "-from", at("record"), "-keys-from", at("keys"), "-data", at("restored"))
	<-r.ended
	if (p.err == nil) != (r.err == nil) {
		t.Errorf("a backup ended with %v and can be restored: %v\n%s\n%s", p.err, r.err, p.said, r.said)
	}
	if r.err == nil {
		k.restored++
	}
	for _, what := range []string{"record", "keys", "restored"} {
		remove(t, at(what))
	}
}

// progress waits until some more was promised.
func (k *killer) progress(t *testing.T, count func() int, more int) {
	t.Helper()
	from := count()
	k.hub.until(t, fmt.Sprintf("%d more promises", more), func() bool { return count() >= from+more })
}

// fell kills the hub within a while, at random, and starts another.
func (k *killer) fell(t *testing.T, within time.Duration) {
	t.Helper()
	time.Sleep(k.upTo(within))
	k.hub.kill(t)
	k.startHub(t)
}

// moved returns a condition: that a read model has rows of part of the log.
func (k *killer) moved(t *testing.T, model string) func() bool {
	db, err := sqlite.Open(t.Context(), k.data("models", model+".db"), sqlite.Rebuildable)
	if err != nil {
		t.Fatal(err)
	}
	return func() bool {
		var at int
		err := db.Read.QueryRowContext(t.Context(), `SELECT at FROM position`).Scan(&at)
		if err != nil || at == 0 {
			return false // the table or its row is not there yet
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		return true
	}
}

func (k *killer) upTo(d time.Duration) time.Duration { return time.Duration(k.rnd.Int64N(int64(d))) }

func remove(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
}
