package witness

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kith/events"
	"kith/events/bus"
)

var agencies = []events.AgencyID{"northshire-police", "northshire-hospital", "northshire-council"}

// shown is the history that a hub shows at the moment, and what it signed of it.
type shown struct {
	mu   sync.Mutex
	hub  hubKey
	h    *history
	size int64
	t    *testing.T
}

func (s *shown) show(h *history, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h, s.size = h, size
}

func (s *shown) checkpoint() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.h == nil {
		return nil
	}
	return s.hub.signs(s.t, origin, s.size, s.h.root(s.t, s.size))
}

func (s *shown) consistency(old, size int64) (tlog.TreeProof, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.h.prove(old, size)
}

// circle is a hub and three agencies, over a real NATS server.
type circle struct {
	t         *testing.T
	nats      *bus.Server
	bus       *bus.Hub
	hub       hubKey
	shown     *shown
	dir       string
	keys      map[events.AgencyID]*Key
	witnesses map[events.AgencyID]*Witness
	leave     map[events.AgencyID]func()
	said      *bytes.Buffer // by the collector
	now       func() time.Time
}

func newCircle(t *testing.T) *circle {
	t.Helper()
	c := &circle{t: t, hub: newHubKey(t), dir: t.TempDir(), keys: map[events.AgencyID]*Key{}, said: &bytes.Buffer{},
		witnesses: map[events.AgencyID]*Witness{}, leave: map[events.AgencyID]func(){}, now: noonNow}
	c.shown = &shown{hub: c.hub, t: t}
	var err error
	if c.nats, err = bus.Start(bus.Options{Dir: filepath.Join(c.dir, "nats"), Agencies: agencies}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.nats.Shutdown)
	var links []bus.Link
	for _, a := range agencies {
		c.keys[a] = testKey(t, string(a))
		links = append(links, bus.Link{URL: c.nats.URL(), Creds: c.nats.HubCreds(a), Agency: a})
	}
	if c.bus, err = bus.ConnectHub(t.Context(), links); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.bus.Close)
	for _, a := range agencies {
		c.join(a)
	}
	return c
}

func (c *circle) agencyDir(a events.AgencyID) string {
	return filepath.Join(c.dir, "agency", string(a))
}

// join lets an agency answer, as after a restart.
func (c *circle) join(a events.AgencyID) {
	c.t.Helper()
	c.witnesses[a] = openWitness(c.t, c.agencyDir(a), c.keys[a], c.hub)
	c.serve(a, c.witnesses[a].Add)
}

func (c *circle) serve(a events.AgencyID, answer func([]byte) (int, []byte)) {
	c.t.Helper()
	link, err := bus.Connect(c.t.Context(), bus.Link{URL: c.nats.URL(), Creds: c.nats.Creds(a), Agency: a})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- link.Witness(ctx, answer) }()
	var once sync.Once
	c.leave[a] = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				c.t.Error(err)
			}
			link.Close()
		})
	}
	c.t.Cleanup(c.leave[a])
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) { // until it is subscribed
		if _, _, err := c.bus.AskWitness(c.t.Context(), a, nil); err == nil {
			return
		}
		if time.Now().After(until) {
			c.t.Fatal("the agency does not answer")
		}
	}
}

// collect opens a collector whose rounds are the test's to begin.
func (c *circle) collect() *Collector {
	c.t.Helper()
	k, err := OpenCollector(c.config())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(k.Close)
	k.Close() // it ends with its first round
	k.Round(c.t.Context())
	return k
}

func (c *circle) config() CollectorConfig {
	vkeys := map[events.AgencyID]string{}
	for a, k := range c.keys {
		vkeys[a] = k.Verifier()
	}
	return CollectorConfig{Dir: filepath.Join(c.dir, "hub"), Verifier: c.hub.verifier, Witnesses: vkeys,
		Logs: []Log{{Origin: origin, Checkpoint: c.shown.checkpoint, Consistency: c.shown.consistency}},
		Ask:  c.bus.AskWitness, Every: time.Hour, Now: func() time.Time { return c.now() }, Log: slog.New(slog.NewTextHandler(c.said, nil))}
}

func (c *circle) stands(k *Collector, size int64, agreeing, refusing, silent int) {
	c.t.Helper()
	s := k.Standing(origin)
	if s.Size != size || s.Agreeing != agreeing || s.Refusing != refusing || s.Silent != silent {
		c.t.Fatalf("stands at %+v, want %d: %d agree, %d refuse, %d silent\n%s", s, size, agreeing, refusing, silent, c.said)
	}
}

// sealed wants the checkpoint of a size, in memory and on disk, with signatures
// of this many witnesses that plain x/mod verifies.
func (c *circle) sealed(k *Collector, size int64, witnesses int) {
	c.t.Helper()
	vs := []note.Verifier{}
	hub, err := note.NewVerifier(c.hub.verifier)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, key := range c.keys {
		vs = append(vs, verifierOf(c.t, key.Verifier()))
	}
	n, err := note.Open(k.Witnessed(origin), note.VerifierList(append(vs, hub)...))
	if err != nil || len(n.Sigs) != witnesses+1 || len(n.UnverifiedSigs) != 0 {
		c.t.Fatalf("%v: %d signatures, want %d and the hub's: %s", err, len(n.Sigs), witnesses, k.Witnessed(origin))
	}
	if got, err := parseCheckpoint(n.Text); err != nil || got.size != size {
		c.t.Fatalf("%v %+v", err, got)
	}
	kept, err := os.ReadFile(filepath.Join(c.dir, "hub", "events.checkpoint"))
	if err != nil || !bytes.Equal(kept, k.Witnessed(origin)) {
		c.t.Fatalf("%v: on disk is %s", err, kept)
	}
}

func TestAgenciesCosign(t *testing.T) {
	c := newCircle(t)
	k := c.collect()
	c.stands(k, 0, 0, 0, 0) // no checkpoint yet
	h := new(history).grow(t, "a", 100)
	for _, size := range []int64{0, 1, 17, 17, 64, 100} {
		c.shown.show(h, size)
		k.Round(t.Context())
		c.stands(k, size, 3, 0, 0)
		c.sealed(k, size, 3)
	}
	if at := k.Standing(origin).At; !at.Equal(noon) {
		t.Errorf("witnessed at %v", at)
	}
	again := c.collect() // a restart, with nobody to ask
	c.stands(again, 100, 3, 0, 0)
	for _, a := range agencies {
		c.leave[a]()
	}
	again = c.collect()
	c.stands(again, 100, 0, 0, 3)
	c.sealed(again, 100, 3)
}

func TestAwayAndBack(t *testing.T) {
	c := newCircle(t)
	h := new(history).grow(t, "a", 100)
	c.shown.show(h, 10)
	k := c.collect()
	c.leave[agencies[0]]()
	c.shown.show(h, 20)
	k.Round(t.Context())
	c.stands(k, 20, 2, 0, 1) // two of three are enough
	c.sealed(k, 20, 2)
	c.leave[agencies[1]]()
	c.shown.show(h, 30)
	k.Round(t.Context())
	c.stands(k, 20, 1, 0, 2) // one is not
	c.join(agencies[0])
	c.join(agencies[1])
	k.Round(t.Context())
	c.stands(k, 30, 3, 0, 0)
	c.sealed(k, 30, 3)
}

// A hub that lost what was cosigned last asks from too far back; one that never
// knew asks from nothing. Both are told, and go on from there.
func TestHubForgot(t *testing.T) {
	c := newCircle(t)
	h := new(history).grow(t, "a", 100)
	c.shown.show(h, 10)
	c.collect()
	if err := os.RemoveAll(filepath.Join(c.dir, "hub")); err != nil {
		t.Fatal(err)
	}
	c.shown.show(h, 50)
	k := c.collect()
	c.stands(k, 50, 3, 0, 0)
	// One of them was asked by another hub of the same log meanwhile.
	if status, _ := c.witnesses[agencies[0]].Add(c.hub.asks(t, h, 50, 60)); status != http.StatusOK {
		t.Fatal(status)
	}
	c.shown.show(h, 70)
	k.Round(t.Context())
	c.stands(k, 70, 3, 0, 0)
	// And it is ahead of this one, for a while.
	if status, _ := c.witnesses[agencies[0]].Add(c.hub.asks(t, h, 70, 80)); status != http.StatusOK {
		t.Fatal(status)
	}
	c.shown.show(h, 75)
	k.Round(t.Context())
	c.stands(k, 75, 2, 1, 0)
	c.shown.show(h, 80)
	k.Round(t.Context())
	c.stands(k, 80, 3, 0, 0)
}

// A hub that rewrites its past and signs that is refused by everyone, from its
// own memory, without it, and after it forgot. Each agency keeps the evidence.
func TestForkedHub(t *testing.T) {
	for what, forget := range map[string]bool{"remembers": false, "forgot": true} {
		t.Run(what, func(t *testing.T) {
			c := newCircle(t)
			h := new(history).grow(t, "a", 100)
			c.shown.show(h, 40)
			k := c.collect()
			c.sealed(k, 40, 3)
			if forget {
				if err := os.RemoveAll(filepath.Join(c.dir, "hub")); err != nil {
					t.Fatal(err)
				}
			}
			k = c.collect()
			sealed := k.Witnessed(origin)
			fork := new(history).grow(t, "a", 30).grow(t, "b", 70)
			for _, size := range []int64{40, 41, 64, 100} {
				c.shown.show(fork, size)
				k.Round(t.Context())
				c.stands(k, 40, 0, 3, 0)
				if !bytes.Equal(k.Witnessed(origin), sealed) {
					t.Errorf("witnessed is now %s", k.Witnessed(origin))
				}
			}
			for _, a := range agencies {
				if w := c.witnesses[a]; w.Size(origin) != 40 || w.Conflicts() < 4 {
					t.Errorf("%s holds %d and saw %d conflicts", a, w.Size(origin), w.Conflicts())
				}
				kept, err := filepath.Glob(filepath.Join(c.agencyDir(a), "evidence", "*", "given.checkpoint"))
				if err != nil || len(kept) != 4 {
					t.Errorf("%s keeps %v %v", a, kept, err)
				}
			}
			if !strings.Contains(c.said.String(), "level=ERROR") {
				t.Errorf("the hub said nothing: %s", c.said)
			}
			c.shown.show(h, 100) // the true history
			k.Round(t.Context())
			c.stands(k, 100, 3, 0, 0)
		})
	}
}

// An honest hub whose disk was tampered with learns it from what it kept, also
// while no agency can be reached, and believes no agency that forgot.
func TestHubKnowsItsPast(t *testing.T) {
	c := newCircle(t)
	h := new(history).grow(t, "a", 100)
	c.shown.show(h, 40)
	k := c.collect()
	sealed := k.Witnessed(origin)
	c.shown.show(new(history).grow(t, "a", 30).grow(t, "b", 70), 50)
	for _, a := range agencies {
		c.leave[a]()
	}
	k = c.collect()
	c.stands(k, 40, 0, 3, 0)
	for _, a := range agencies {
		if err := os.RemoveAll(c.agencyDir(a)); err != nil {
			t.Fatal(err)
		}
		c.join(a)
	}
	k.Round(t.Context())
	c.stands(k, 40, 0, 3, 0)
	if !bytes.Equal(k.Witnessed(origin), sealed) || !strings.Contains(c.said.String(), string(ownConflict)) {
		t.Errorf("witnessed %s, said %s", k.Witnessed(origin), c.said)
	}
}

// A hub restored from an old backup is behind everyone. That must be seen, and
// nothing that was witnessed may be replaced.
func TestHubFellBack(t *testing.T) {
	c := newCircle(t)
	h := new(history).grow(t, "a", 100)
	c.shown.show(h, 60)
	k := c.collect()
	c.shown.show(h, 40)
	for range patience {
		k.Round(t.Context())
	}
	c.stands(k, 60, 0, 3, 0)
	if !strings.Contains(c.said.String(), "level=ERROR") {
		t.Error("the hub never complained")
	}
	if err := os.RemoveAll(filepath.Join(c.dir, "hub")); err != nil {
		t.Fatal(err)
	}
	k = c.collect() // and does not know what it had
	c.stands(k, 0, 0, 3, 0)
}

// Agencies that lie or err are no part of a quorum, and harm nothing.
func TestStrangeAnswers(t *testing.T) {
	c := newCircle(t)
	bad := agencies[2]
	true3 := c.witnesses[bad].Add
	h := new(history).grow(t, "a", 100)
	c.shown.show(h, 10)
	k := c.collect()
	stranger := testKey(t, string(bad))
	tomorrow := func(body []byte) (int, []byte) {
		r, err := parseRequest(body)
		if err != nil {
			return say(http.StatusBadRequest, "")
		}
		text, err := note.Sign(&note.Note{Text: string(r.note[:bytes.Index(r.note, []byte("\n\n"))+1])}, c.keys[bad].at(noon.Add(24*time.Hour)))
		if err != nil {
			return say(http.StatusBadRequest, "")
		}
		return http.StatusOK, text[bytes.LastIndexByte(text[:len(text)-1], '\n')+1:]
	}
	other := openWitness(t, t.TempDir(), stranger, c.hub)
	size := int64(10)
	for what, answer := range map[string]func([]byte) (int, []byte){
		"nothing":            func([]byte) (int, []byte) { return http.StatusOK, nil },
		"nonsense":           func([]byte) (int, []byte) { return http.StatusOK, []byte("\n\n— x y\n") },
		"another key":        func(b []byte) (int, []byte) { return other.Add(request{note: mustParse(t, b).note}.body()) },
		"tomorrow":           tomorrow,
		"no size":            func([]byte) (int, []byte) { return http.StatusConflict, []byte("many\n") },
		"the same size":      func(b []byte) (int, []byte) { return say(http.StatusConflict, "10") },
		"always another":     func(b []byte) (int, []byte) { return say(http.StatusConflict, "3") },
		"a size below zero":  func(b []byte) (int, []byte) { return say(http.StatusConflict, "-3") },
		"not this log":       func([]byte) (int, []byte) { return say(http.StatusNotFound, "") },
		"a teapot":           func([]byte) (int, []byte) { return say(http.StatusTeapot, "") },
		"an old cosignature": replay(true3, c.hub.asks(t, h, 10, 10)),
	} {
		c.leave[bad]()
		c.serve(bad, answer)
		size++
		c.shown.show(h, size)
		k.Round(t.Context())
		if s := k.Standing(origin); s.Agreeing != 2 || s.Size != size {
			t.Errorf("%s: %+v", what, s)
		}
		c.sealed(k, size, 2)
	}
	c.leave[bad]()
	c.serve(bad, true3)
	k.Round(t.Context())
	c.stands(k, size, 3, 0, 0)
}

func mustParse(t *testing.T, b []byte) request {
	r, err := parseRequest(b)
	if err != nil {
		t.Log(err) // the first call, to see whether somebody is there, has no body
	}
	return r
}

func replay(add func([]byte) (int, []byte), body []byte) func([]byte) (int, []byte) {
	status, answer := add(body)
	return func([]byte) (int, []byte) { return status, answer }
}

func TestCollectorRefuses(t *testing.T) {
	c := newCircle(t)
	for what, change := range map[string]func(*CollectorConfig){
		"one key for two":            func(c *CollectorConfig) { c.Witnesses[agencies[0]] = c.Witnesses[agencies[1]] },
		"not a key":                  func(c *CollectorConfig) { c.Witnesses[agencies[0]] = "x" },
		"the hub's key":              func(c *CollectorConfig) { c.Witnesses[agencies[0]] = c.Verifier },
		"too large a quorum":         func(c *CollectorConfig) { c.Quorum = 4 },
		"a quorum below zero":        func(c *CollectorConfig) { c.Quorum = -1 },
		"nobody":                     func(c *CollectorConfig) { c.Witnesses = nil },
		"a name for no file":         func(c *CollectorConfig) { c.Logs[0].Origin = "kith-hub/.." },
		"a verifier that is not one": func(c *CollectorConfig) { c.Verifier = "x" },
	} {
		conf := c.config()
		change(&conf)
		if k, err := OpenCollector(conf); err == nil {
			k.Close()
			t.Errorf("%s was accepted", what)
		}
	}
}

// It asks by itself, at its cadence.
func TestCadence(t *testing.T) {
	c := newCircle(t)
	h := new(history).grow(t, "a", 9)
	c.shown.show(h, 3)
	conf := c.config()
	conf.Every, conf.Log = 10*time.Millisecond, slog.New(slog.NewTextHandler(io.Discard, nil))
	k, err := OpenCollector(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	for _, size := range []int64{3, 9} {
		c.shown.show(h, size)
		for until := time.Now().Add(20 * time.Second); k.Standing(origin).Size != size; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal(errors.New("not witnessed"), k.Standing(origin))
			}
		}
	}
}
