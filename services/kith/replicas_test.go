package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/events/store/esdb"
	"kith/events/store/esdb/esdbtest"
	"kith/services/internal/keys"
)

// replicas are two hubs, each a process with a folder of its own, over one
// database and one NATS, with shared keys.
type replicas struct {
	hubs  [2]*victim
	admin [2]string
	db    *esdbtest.Server
	nats  *bus.Server
	keys  string
}

func newReplicas(t *testing.T) *replicas {
	t.Helper()
	dir := t.TempDir()
	r := &replicas{db: esdbtest.Start(t), keys: filepath.Join(dir, "keys")}
	agencies := northshire()[:4]
	var err error
	if r.nats, err = bus.Start(bus.Options{Dir: filepath.Join(dir, "nats"), Agencies: ids(agencies)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.nats.Shutdown)
	connection := filepath.Join(dir, "connection")
	if err := os.WriteFile(connection, []byte(r.db.ConnectionString()), 0o600); err != nil {
		t.Fatal(err)
	}
	user := func(actor, agency, token string) map[string]any {
		return map[string]any{"actor": actor, "name": actor, "agency": agency, "role": "practitioner", "tokenSHA256": hash(token)}
	}
	for i := range r.hubs {
		own := filepath.Join(dir, "hub-"+strconv.Itoa(i+1))
		if err := os.Mkdir(own, 0o700); err != nil {
			t.Fatal(err)
		}
		addr := freeAddr(t)
		r.admin[i] = freeAddr(t)
		r.hubs[i] = &victim{dir: own, hubURL: "http://" + addr, nats: r.nats.URL(), agencies: agencies}
		conf(t, own, "hub.json", map[string]any{
			"addr": addr, "adminAddr": r.admin[i], "data": r.hubs[i].data(), "keys": r.keys, "checkpointSeconds": 1,
			"store":    map[string]any{"kind": "eventstoredb", "connectionFile": connection},
			"nats":     map[string]any{"url": r.nats.URL(), "credsDir": filepath.Dir(r.nats.Creds(agencies[0].ID))},
			"agencies": agencies, "authority": authority, "doors": []string{string(agencies[0].ID)},
			"users": []any{user("officer", "northshire-police", officerToken), user("nurse", "northshire-hospital", nurseToken)},
		})
	}
	return r
}

// publish has two agencies publish until stop is called.
func (r *replicas) publish(t *testing.T, j *journal) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var links []*bus.Agency
	for _, a := range r.hubs[0].agencies[:2] {
		link, err := bus.Connect(ctx, bus.Link{URL: r.nats.URL(), Creds: r.nats.Creds(a.ID), Agency: a.ID})
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, link)
		for n := range 4 {
			s := sender{link: link, agency: a, number: n, journal: j}
			wg.Go(func() { s.run(ctx) })
		}
	}
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		for _, l := range links {
			l.Close()
		}
	})
	t.Cleanup(stop)
	return stop
}

// took is how many events a hub said that it accepted.
func (r *replicas) took(t *testing.T, i int) (n int) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^kith_\w*accepted\w*(?:\{[^}]*\})? (\d+)`).FindAllStringSubmatch(fetch(t, "http://"+r.admin[i]+"/metrics"), -1) {
		more, _ := strconv.Atoi(m[1])
		n += more
	}
	return n
}

// TestTwoHubs loads two hubs over one log from two agencies, and kills each of
// them once while the other goes on.
func TestTwoHubs(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: runs and kills real processes; run without -short")
	}
	between := 40 // receipts from one thing that happens to the next
	if os.Getenv("KITH_SOAK") != "" {
		between = 1500
	}
	r, j := newReplicas(t), &journal{}
	for _, v := range r.hubs { // both begin the same empty folder of keys
		v.startHub(t)
	}
	for _, v := range r.hubs {
		v.ready(t)
	}
	stop := r.publish(t, j)
	more := func(i int) {
		t.Helper()
		enough := j.receipts() + between
		r.hubs[i].hub.until(t, "more receipts", func() bool { return j.receipts() >= enough })
	}
	more(0)
	took := [2]int{r.took(t, 0), r.took(t, 1)}
	if took[0] == 0 || took[1] == 0 {
		t.Errorf("the hubs took %d: one had nothing to do", took)
	}
	for i, v := range r.hubs {
		v.hub.kill(t)
		more(1 - i) // the other goes on alone
		v.startHub(t)
		v.ready(t)
		more(i)
	}
	stop()
	r.check(t, j)
	t.Logf("the first %d receipts came from both: %d; 2 of 2 hubs killed", took[0]+took[1], took)
}

func (r *replicas) check(t *testing.T, j *journal) {
	t.Helper()
	all := j.all()
	for _, w := range j.wrong {
		t.Error(w)
	}
	for _, v := range r.hubs {
		v.ready(t) // its read models hold all that the log holds
		v.served(t, all)
		v.seen(t, all)
	}
	r.alike(t)
	f := r.log(t)
	f.holds(t, all)
	r.signed(t)
	t.Logf("%d receipts held, %d sent twice on purpose, %d accepted, %d items: %d lost, %d doubled, %d reordered",
		len(all), j.repeated, len(f.accepted), len(f.items), f.lost, f.doubled, f.reordered)
}

// log reads what the database holds, with the keys.
func (r *replicas) log(t *testing.T) *kept {
	t.Helper()
	ks, err := keys.Open(t.Context(), r.keys)
	if err != nil {
		t.Fatal(err)
	}
	defer ks.Close()
	l, err := esdb.Open(t.Context(), r.db.ConnectionString(), "events")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := &kept{accepted: map[string]store.Event{}, items: map[events.ItemID]store.Event{}}
	f.walk(t, store.New(l, ks))
	return f
}

// alike: what one hub shows of a child the other shows too.
func (r *replicas) alike(t *testing.T) {
	t.Helper()
	looked := 0
	for kid := range 40 {
		var views [2]string
		for i, v := range r.hubs {
			view, ok := v.look(t.Context(), officerToken, kid)
			b, err := json.Marshal(view)
			if err != nil {
				t.Fatal(err)
			}
			if views[i] = string(b); ok {
				looked++
			}
		}
		if views[0] != views[1] {
			t.Errorf("child %d: one hub shows %s, the other %s", kid, views[0], views[1])
		}
	}
	if looked < 8 {
		t.Errorf("only %d views were there to be compared", looked)
	}
	t.Logf("%d views compared", looked/2)
}

// signed: between them the hubs never signed two roots for one size.
func (r *replicas) signed(t *testing.T) {
	t.Helper()
	roots, n := map[string]string{}, [2]int{}
	for i, v := range r.hubs {
		text, err := os.ReadFile(v.data("tree", "events.checkpoints"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^kith-hub/events\n(\d+)\n(\S+)$`).FindAllStringSubmatch(string(text), -1) {
			if n[i]++; roots[m[1]] != "" && roots[m[1]] != m[2] {
				t.Errorf("two roots were signed for %s events", m[1])
			}
			roots[m[1]] = m[2]
		}
	}
	if len(roots) == 0 {
		t.Error("no checkpoint was signed")
	}
	t.Logf("checkpoints signed: %d", n)
}
