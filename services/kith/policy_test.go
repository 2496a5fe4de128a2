package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
	"kith/services/internal/telemetry"
)

// children are those that the hub of a world knows.
func (w *world) children(t *testing.T) (ids []events.ChildID) {
	t.Helper()
	st := w.demo.hub.record.store
	last, err := st.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[events.ChildID]bool{}
	for e, err := range st.Follow(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if l, ok := e.Event.(events.SubjectLinked); ok && !seen[l.Child] {
			seen[l.Child] = true
			ids = append(ids, l.Child)
		}
		if e.Position >= last {
			return ids
		}
	}
	return ids
}

// policyLines runs kith policy with -json.
func policyLines(t *testing.T, want int, args ...string) (ls []policyLine) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), append([]string{"policy"}, args...), &out, &errs)
	if code != want {
		t.Fatalf("kith policy %s: %d, want %d: %s", strings.Join(args[:1], " "), code, want, errs.String())
	}
	if err := lines(&out, func(l policyLine) error { ls = append(ls, l); return nil }); err != nil {
		t.Fatal(err)
	}
	return ls
}

// Everybody reads about every family, for every purpose and as known at any time,
// while consents come and go, discussions open and events arrive. Decided again
// from the log, each read shows what it showed: by the running hub and from its
// files.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	hub := filepath.Join(w.dir, "hub")
	reads := 120
	if os.Getenv("KITH_SOAK") != "" {
		reads = 5000
	}
	w.live(t, reads)
	replayed := func() replaySum {
		ls := policyLines(t, exitGood, "replay", "-data", hub, "-all", "-json")
		return *ls[len(ls)-1].Replayed
	}
	sum := replayed()
	t.Logf("%d reads: %d decided again as recorded, %d not, %d cannot be", sum.Reads, sum.Same, sum.Different, sum.Not)
	if sum.Different != 0 || sum.Same < reads/2 {
		t.Errorf("%+v", sum)
	}
	w.wouldHave(t, hub)
	w.demo.close()
	if files := replayed(); files.Same < sum.Same || files.Different != 0 {
		t.Errorf("from the files: %+v", files)
	}
	changedBehindItsBack(t, hub)
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	kept := policiesPath(hub, set.Hash())
	if err := os.WriteFile(kept, bytes.Replace(set.Text(), []byte("context.holds"), []byte("context.invited"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	policyLines(t, exitFailed, "replay", "-data", hub, "-all", "-json") // a kept set that was changed decides nothing
}

// live has everybody read while others write.
func (w *world) live(t *testing.T, reads int) {
	t.Helper()
	cs := w.children(t)
	began := time.Now()
	var writing sync.WaitGroup
	var stop atomic.Bool
	writing.Go(func() {
		for i := 0; !stop.Load(); i++ {
			w.write(t, cs[i%len(cs)], i)
		}
	})
	var both sync.WaitGroup
	for g := range 2 {
		both.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 5))
			for range reads / 2 {
				w.read(t, rnd, cs[rnd.IntN(len(cs))], began)
			}
		})
	}
	both.Wait()
	stop.Store(true)
	writing.Wait()
}

func (w *world) read(t *testing.T, rnd *rand.Rand, child events.ChildID, began time.Time) {
	who := personas()[rnd.IntN(7)].name
	purpose := []string{"s47", "s17", "early-help", "care-planning", "audit"}[rnd.IntN(5)]
	q := url.Values{"purpose": {purpose}}
	if rnd.IntN(3) == 0 {
		q.Set("asKnownAt", began.Add(-time.Duration(rnd.Int64N(int64(300*24*time.Hour)))).UTC().Format(time.RFC3339))
	}
	if a := w.ask(t, who, "GET", "/v1/children/"+string(child)+"/view?"+q.Encode(), "", ""); a.status >= 500 {
		t.Errorf("%s: %d", who, a.status)
	}
}

// write changes what is known of a child, and who may see it.
func (w *world) write(t *testing.T, child events.ChildID, i int) {
	path := "/v1/children/" + string(child)
	switch i % 3 {
	case 0:
		a := w.ask(t, "socialworker", "POST", path+"/consents", "application/json", `{"by":"person-with-parental-responsibility","scope":"early-help"}`)
		if a.status == http.StatusCreated && i%2 == 0 {
			w.ask(t, "socialworker", "POST", path+"/consents/"+into[struct{ Consent string }](t, a).Consent+"/withdraw", "application/json", `{"by":"person-with-parental-responsibility"}`)
		}
	case 1:
		a := w.ask(t, "chair", "POST", path+"/discussions", "application/json", fmt.Sprintf(
			`{"at":%q,"reason":"Reasonable cause.","invited":["northshire-police","northshire-hospital","oakfield-school"]}`, time.Now().UTC().Format(time.RFC3339)))
		if a.status == http.StatusCreated {
			d := into[struct{ Discussion string }](t, a).Discussion
			w.ask(t, "police", "POST", path+"/discussions/"+d+"/attendees", "application/json", `{}`)
		}
	case 2:
		if _, err := w.demo.publishNotices(t.Context(), benchPolice, []events.Notice{benchNotice(i%4, i)}); err != nil {
			t.Error(err)
		}
	}
}

// wouldHave: a draft that lets nobody see the police's items withholds just those
// that were shown, and one that permits all discloses what was withheld.
func (w *world) wouldHave(t *testing.T, hub string) {
	t.Helper()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	for would, extra := range map[string]string{
		"withhold": `forbid (principal, action == Action::"see", resource) when { resource.kind == "police" && !resource.own };`,
		"disclose": `permit (principal, action == Action::"see", resource);`,
	} {
		draft := filepath.Join(t.TempDir(), "draft.cedar")
		if err := os.WriteFile(draft, []byte(string(set.Text())+"\n@id(\"draft\") @basis(\"b\") @because(\"because of the draft\")\n"+extra), 0o600); err != nil {
			t.Fatal(err)
		}
		ls := policyLines(t, exitGood, "what-if", "-policy", draft, "-data", hub, "-json")
		sum, times, items := ls[len(ls)-1].WhatIf, 0, map[events.ItemID]bool{}
		for _, l := range ls {
			if c := l.Change; c != nil {
				times += c.Reads
				for _, i := range c.Items {
					items[i] = true
				}
				if c.Would != would || c.Policy != "draft" || would == "withhold" && c.Agency != "northshire-police" || c.Label == events.Restricted {
					t.Errorf("%+v", *c)
				}
			}
		}
		if sum.Disclosed+sum.Withheld != times || times == 0 || len(items) == 0 || (sum.Disclosed > 0) != (would == "disclose") || sum.Changed == 0 || sum.Same == 0 {
			t.Errorf("%s: %+v, %d times, %d items", would, *sum, times, len(items))
		}
		if code, out := order(t, "policy", "what-if", "-policy", draft, "-data", hub); code != exitGood || !strings.Contains(out, "because of the draft") {
			t.Errorf("%s: %d", would, code)
		}
		tomorrow := time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
		ls = policyLines(t, exitGood, "what-if", "-policy", draft, "-data", hub, "-since", tomorrow, "-json")
		if s := ls[len(ls)-1].WhatIf; s.Reads != 0 {
			t.Errorf("since tomorrow: %+v", s)
		}
	}
}

// changedBehindItsBack: an entry that says another thing than was decided is named,
// with what differs.
func changedBehindItsBack(t *testing.T, hub string) {
	t.Helper()
	tel, _ := telemetry.StartForTest("kith-test", io.Discard)
	r, err := openRecord(t.Context(), partnership{dir: hub}, tel.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	var last events.ReadRecorded
	for e, err := range r.ledger.From(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.What == "view" && len(e.Shown) > 1 {
			last = e.ReadRecorded
		}
	}
	hidden := last.Shown[0]
	last.Shown = last.Shown[1:]
	at, err := r.ledger.Record(t.Context(), last)
	if err != nil {
		t.Fatal(err)
	}
	r.close()
	ls := policyLines(t, exitFailed, "replay", "-data", hub, "-read", fmt.Sprint(at), "-json")
	if r := ls[0].Read; r.Same || len(r.Differs) != 1 || !strings.Contains(r.Differs[0], string(hidden)) || len(r.Verdicts) == 0 {
		t.Errorf("%+v", r)
	}
	policyLines(t, exitFailed, "replay", "-data", hub, "-read", fmt.Sprint(at+1), "-json")
}
