package main

import (
	"bytes"
	"database/sql"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kith/events"
	"kith/services/internal/telemetry"
	"kith/services/internal/witness"
)

// standsUntil waits until the demonstration's log stands as wanted.
func standsUntil(t *testing.T, d *demonstration, origin string, good func(witness.Standing) bool) witness.Standing {
	t.Helper()
	for until := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		s := d.hub.collector.Standing(origin)
		if good(s) {
			return s
		}
		if time.Now().After(until) {
			t.Fatalf("%s stands at %+v", origin, s)
		}
	}
}

// What is shared in the demonstration is cosigned by all five agencies, and the
// hub's file can be checked with x/mod alone. Then somebody with the disk and
// the keys changes a row, has the tree built and signed anew, and makes the hub
// forget what was cosigned: every agency refuses, and keeps the evidence.
func TestAgenciesRefuseARewrittenRecord(t *testing.T) {
	dir := t.TempDir()
	said := &lockedBuffer{}
	tel, _ := telemetry.StartForTest("kith-test", said)
	d, err := openDemo(t.Context(), dir, "127.0.0.1:0", tel, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w := &world{demo: d, file: d.file, dir: dir}
	w.find(t, "police", kid{given: "Kai", family: "Nguyen-Hart", born: "2019-10-02"}) // a line in the ledger
	all := func(s witness.Standing) bool { return s.Agreeing == 5 && s.Size > 20 }
	before := standsUntil(t, d, originOf("events"), all)
	standsUntil(t, d, originOf("ledger"), func(s witness.Standing) bool { return s.Agreeing == 5 })
	t.Logf("%d events were cosigned by 5 of 5 agencies within %v", before.Size, time.Since(began).Round(100*time.Millisecond))
	checkWitnessed(t, d, dir)
	held := holds(t, dir)
	d.close()
	verify(t, dir, exitGood, "-checkpoint", agencyHolds(dir))

	rewrite(t, filepath.Join(dir, "hub", "events.db"))
	for _, forgotten := range []string{"tree", "witness"} {
		if err := os.RemoveAll(filepath.Join(dir, "hub", forgotten)); err != nil {
			t.Fatal(err)
		}
	}
	tel, _ = telemetry.StartForTest("kith-test", said)
	if d, err = openDemo(t.Context(), dir, "127.0.0.1:0", tel, func(string) {}); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	closed := func() { once.Do(d.close) }
	defer closed()
	after := standsUntil(t, d, originOf("events"), func(s witness.Standing) bool { return s.Refusing == 5 })
	if after.Size != 0 || d.hub.collector.Witnessed(originOf("events")) != nil {
		t.Errorf("the rewritten record is witnessed: %+v", after)
	}
	standsUntil(t, d, originOf("ledger"), func(s witness.Standing) bool { return s.Agreeing == 5 }) // that one was left alone
	if now := holds(t, dir); now != held {
		t.Errorf("agencies hold %s, held %s", now, held)
	}
	evidence, err := filepath.Glob(filepath.Join(dir, "agencies", "*", "witness", "evidence", "events-*", "given.checkpoint"))
	if err != nil || len(evidence) < 5 {
		t.Errorf("the agencies keep %d pieces of evidence: %v", len(evidence), err)
	}
	if !strings.Contains(said.String(), "THE HUB SIGNED A CHECKPOINT THAT DOES NOT GO WITH") {
		t.Error("nobody said so in a log")
	}
	closed()
	verify(t, dir, exitGood) // the hub's folder for itself is in good order
	verify(t, dir, exitFailed, "-checkpoint", agencyHolds(dir))
}

// agencyHolds is the file in which an agency keeps what it cosigned.
func agencyHolds(dir string) string {
	return filepath.Join(dir, "agencies", "oakfield-school", "witness", "events.checkpoint")
}

// verify runs kith verify over the hub's folder.
func verify(t *testing.T, dir string, want int, more ...string) {
	t.Helper()
	var said bytes.Buffer
	if code := run(t.Context(), append([]string{"verify", "-data", filepath.Join(dir, "hub")}, more...), &said, &said); code != want {
		t.Errorf("kith verify %q ended with %d, want %d: %s", more, code, want, &said)
	}
}

// checkWitnessed reads the hub's file with nothing but keys.
func checkWitnessed(t *testing.T, d *demonstration, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "hub", "witness", "events.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	hub, err := note.NewVerifier(d.file.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	vs := []note.Verifier{hub}
	for _, vkey := range d.hub.witnesses {
		v, err := witness.NewVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		vs = append(vs, v)
	}
	if n, err := note.Open(text, note.VerifierList(vs...)); err != nil || len(n.Sigs) < 4 || len(n.UnverifiedSigs) > 0 {
		t.Errorf("%v: %s", err, text)
	}
}

// holds is what all agencies hold of the events, without signatures.
func holds(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "agencies", "*", "witness", "events.checkpoint"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%v %v", files, err)
	}
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := bytes.Cut(b, []byte("\n\n"))
		all.Write(text)
	}
	return all.String()
}

// rewrite makes somebody else answer for one event of the record.
func rewrite(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec(`UPDATE events SET cause = json_set(cause, '$.by', 'somebody-else') WHERE position = 7`)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}

// The real thing, by configuration files: the hub prints its key, the agencies
// are told it and print theirs, the hub is told those, and counts them.
func TestWitnessesByConfiguration(t *testing.T) {
	dir := t.TempDir()
	natsAddr, hubAdmin := freeAddr(t), freeAddr(t)
	agencies := northshire()[:4]
	hubConf := map[string]any{"addr": freeAddr(t), "adminAddr": hubAdmin, "data": filepath.Join(dir, "hub"),
		"nats": map[string]any{"listen": natsAddr}, "agencies": agencies, "authority": authority, "checkpointSeconds": 1}
	stop, said := runUntil(t, "hub", conf(t, dir, "hub.json", hubConf))
	verifier := waitFor(t, said, `receipts are signed with (\S+)`)
	keys, police := map[events.AgencyID]string{}, freeAddr(t)
	for i, a := range agencies[:3] {
		addr := police
		if i > 0 {
			addr = freeAddr(t)
		}
		_, said := runUntil(t, "agency", conf(t, dir, string(a.ID)+".json", map[string]any{
			"agency": a, "addr": addr, "clients": []any{map[string]any{"name": "records", "tokenSHA256": hash("records-token")}},
			"adminAddr": freeAddr(t), "data": filepath.Join(dir, string(a.ID)), "verifier": verifier,
			"nats": map[string]any{"url": "nats://" + natsAddr, "creds": filepath.Join(dir, "hub", "nats", "creds", string(a.ID)+".creds")},
		}))
		keys[a.ID] = waitFor(t, said, `checkpoints are cosigned with (\S+)`)
	}
	record, err := os.ReadFile("../police/testdata/encompass.json")
	if err != nil {
		t.Fatal(err)
	}
	if status, body := post(t, "http://"+police+"/encompass", "records-token", record); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, body)
	}
	stop()
	hubConf["witnesses"], hubConf["quorum"] = keys, 3
	_, said = runUntil(t, "hub", conf(t, dir, "hub.json", hubConf))
	waitFor(t, said, `(cosigned by 3 agencies; 3 of them)`)
	for until := time.Now().Add(90 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		page := fetch(t, "http://"+hubAdmin+"/metrics")
		if strings.Contains(page, `kith_witnesses{log="events",outcome="agreeing"} 3`) {
			age := regexp.MustCompile(`kith_witnessed_age_seconds\{log="events"\} (\S+)`).FindStringSubmatch(page)
			if seconds, err := strconv.ParseFloat(age[1], 64); err != nil || seconds > 60 {
				t.Errorf("witnessed %v seconds ago", age)
			}
			if !strings.Contains(page, `kith_witnessed_age_seconds{log="ledger"} 0`) {
				t.Error("an empty ledger waits for witnesses")
			}
			return
		}
		if time.Now().After(until) {
			t.Fatalf("not cosigned:\n%s", regexp.MustCompile(`(?m)^kith_witness.*$`).FindAllString(page, -1))
		}
	}
}

// A witness that cannot run must not keep an agency from sharing, nor be silent.
func TestAgencyWithoutWitness(t *testing.T) {
	tel, _ := telemetry.StartForTest("kith-test", io.Discard)
	dir := t.TempDir()
	c := AgencyConfig{Agency: northshire()[0], Data: dir}
	stop, says := c.cosigner(nil, tel)
	stop()
	if !strings.Contains(says, "not cosigned") || !strings.Contains(says, "kith-witness/northshire-police+") {
		t.Errorf("without a verifier it says %q", says)
	}
	for what, verifier := range map[string]string{"not a key": "x"} {
		c.Verifier = verifier
		stop, says := c.cosigner(nil, tel)
		stop()
		if !strings.Contains(says, "NOT COSIGNED") {
			t.Errorf("%s: it says %q", what, says)
		}
	}
}
