package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// after looks, when all the killing is over, for everything that was promised,
// and says how much it was.
func (v *victim) after(t *testing.T, j *journal, stop func(), kills int) {
	t.Helper()
	v.ready(t)
	v.settle(t, j)
	stop()
	for _, w := range j.wrong {
		t.Error(w)
	}
	all := j.all()
	v.served(t, all)
	v.seen(t, all)
	v.police.kill(t)
	if p := startKith(t, "rebuild", "-data", v.data(), "-check"); !p.good() {
		t.Errorf("kith rebuild -check: %v\n%s", p.err, p.said)
	}
	v.hub.kill(t)
	live := v.models(t)
	f := v.record(t)
	f.holds(t, all)
	remove(t, v.data("models"))
	v.startHub(t)
	v.ready(t)
	v.hub.kill(t)
	sameModels(t, live, v.models(t))
	if last := v.record(t).last; last != f.last {
		t.Errorf("read models that were built anew wrote to the log: %d events, were %d", last, f.last)
	}
	f.readsHeld(t, j)
	good, err := verification{dir: v.data()}.verify(t.Context())
	if err != nil || !good.Good {
		t.Errorf("kith verify: %+v %v", good, err)
	}
	t.Logf("%d kills, %d receipts held over %d events: %d lost, %d doubled, %d reordered; %d sent twice; %d records in the outbox; %d reads recorded for %d answers; read models as built anew, the record verified",
		kills, len(all), f.last, f.lost, f.doubled, f.reordered, j.repeated, len(j.kept), f.reads, j.views.Load())
}

// settle waits until what the edge keeps is answered: to hand a record in again
// gives its receipts then.
func (v *victim) settle(t *testing.T, j *journal) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; {
		left := 0
		for _, record := range j.kept[:j.records()] {
			receipts, waiting, err := v.hand(t.Context(), record)
			if err != nil || waiting > 0 {
				left++
				break
			}
			for _, r := range receipts {
				if r.ID != named(t, record) {
					t.Errorf("the edge answers for %s with %s", named(t, record), r.ID)
				}
				j.add(held{r, "", -1})
			}
		}
		if left == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the edge keeps records that are not answered, two minutes after the last kill\n%s", v.police.said)
		}
	}
}

// served asks for each receipt again, by HTTP as its agency: it is the same.
func (v *victim) served(t *testing.T, all []held) {
	t.Helper()
	todo := make(chan held)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for h := range todo {
				var r bus.Receipt
				token := officerToken
				if h.Agency != v.agencies[0].ID {
					token = nurseToken
				}
				ok := v.ask(context.Background(), token, "GET", "/v1/receipts?"+url.Values{"source": {h.Source}, "id": {h.ID}}.Encode(), "", &r)
				if !ok || r.Note != h.Note {
					t.Errorf("the receipt of %s is not served again as it was", h.ID)
				}
			}
		})
	}
	for _, h := range all {
		todo <- h
	}
	close(todo)
	wg.Wait()
}

// seen looks at some children, as each agency: every item that it holds a receipt
// for is in the view, once.
func (v *victim) seen(t *testing.T, all []held) {
	t.Helper()
	for _, kid := range []int{0, 1, 2, 3, 8, 17, 30, 61, 122, 244} {
		for _, who := range []struct{ token, source string }{{officerToken, v.agencies[0].Source}, {nurseToken, v.agencies[1].Source}} {
			var want []string
			for _, h := range all {
				if h.kid == kid && h.Source == who.source {
					want = append(want, h.ID)
				}
			}
			if len(want) == 0 {
				continue
			}
			view, ok := v.look(t.Context(), who.token, kid)
			if !ok {
				t.Errorf("child %d, of whom %d receipts are held, is not found", kid, len(want))
			}
			shown := map[string]int{}
			for _, i := range view.Items {
				if i.Source == who.source {
					shown[i.EventID]++
				}
			}
			for _, id := range want {
				if shown[id] != 1 {
					t.Errorf("%s is %d times in the view of its child", id, shown[id])
				}
			}
		}
	}
}

// kept is what the files hold, read without a hub.
type kept struct {
	last      store.Position
	reads     store.Position
	accepted  map[string]store.Event // by source and id
	items     map[events.ItemID]store.Event
	lost      int
	doubled   int
	reordered int
}

// record reads the log from its beginning and checks it against itself.
func (v *victim) record(t *testing.T) *kept {
	t.Helper()
	f := &kept{accepted: map[string]store.Event{}, items: map[events.ItemID]store.Event{}}
	ks := openKeys(t, v.data("keys"))
	defer ks.Close()
	var err error
	ledger := openLog(t, v.data("ledger.db"))
	defer ledger.Close()
	if f.reads, err = ledger.Last(t.Context()); err != nil {
		t.Fatal(err)
	}
	log := openLog(t, v.data("events.db"))
	defer log.Close()
	f.walk(t, store.New(log, ks))
	return f
}

// walk reads a log from its beginning to its end.
func (f *kept) walk(t *testing.T, st *store.Store) {
	t.Helper()
	var err error
	if f.last, err = st.Last(t.Context()); err != nil {
		t.Fatal(err)
	}
	heads := map[store.Stream]store.Revision{}
	linked := map[events.SubjectID]events.ChildID{}
	var before store.Event
	for e, err := range st.Follow(t.Context(), 0) {
		if err != nil {
			t.Fatalf("the log at %d: %v", e.Position, err)
		}
		if heads[e.Stream]++; e.Revision != heads[e.Stream] || e.At.Before(before.At) {
			f.reordered++
			t.Errorf("the log at %d: revision %d of %s after %d", e.Position, e.Revision, e.Stream, heads[e.Stream]-1)
		}
		f.once(t, e, linked)
		if before = e; e.Position == f.last {
			break
		}
	}
	f.whole(t)
}

func openKeys(t *testing.T, dir string) *keys.Keys {
	t.Helper()
	ks, err := keys.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return ks
}

func openLog(t *testing.T, path string) *sqlitelog.Log {
	t.Helper()
	l, err := sqlitelog.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// once notes an event that has an effect and complains of a second one with the same.
func (f *kept) once(t *testing.T, e store.Event, linked map[events.SubjectID]events.ChildID) {
	twice := func(is bool, what string) {
		if is {
			f.doubled++
			t.Errorf("the log at %d: %s a second time", e.Position, what)
		}
	}
	switch v := e.Event.(type) {
	case events.EventAccepted:
		_, is := f.accepted[v.Source+" "+v.EventID]
		twice(is, v.EventID+" is accepted")
		f.accepted[v.Source+" "+v.EventID] = e
	case events.Item:
		_, is := f.items[v.ID]
		twice(is, "item "+string(v.ID))
		f.items[v.ID] = e
	case events.SubjectLinked:
		twice(linked[v.Subject] != "", "subject "+string(v.Subject)+" is linked")
		linked[v.Subject] = v.Child
	case events.SubjectUnlinked:
		delete(linked, v.Subject)
	}
}

// whole: an acceptance has all its items, before it, and no item is without one.
func (f *kept) whole(t *testing.T) {
	named := 0
	for id, e := range f.accepted {
		for _, r := range e.Event.(events.EventAccepted).Items {
			named++
			if i, ok := f.items[r.Item]; !ok || i.Position > e.Position {
				f.lost++
				t.Errorf("%s is accepted and its item %s is not before it in the log", id, r.Item)
			}
		}
	}
	if named != len(f.items) {
		t.Errorf("the log holds %d items, %d of them of events that were accepted", len(f.items), named)
	}
}

// holds: every receipt says what the log holds, and who sends one event after
// the receipt of the other finds them in that order.
func (f *kept) holds(t *testing.T, all []held) {
	t.Helper()
	before := map[string]held{}
	for _, h := range all {
		e, ok := f.accepted[h.Source+" "+h.ID]
		if !ok {
			f.lost++
			t.Errorf("a receipt is held for %s and the log does not hold it", h.ID)
			continue
		}
		a := e.Event.(events.EventAccepted)
		if e.Position != store.Position(h.Position) || a.Digest != h.Digest || !e.At.Equal(h.AcceptedAt) {
			f.lost++
			t.Errorf("the receipt of %s says position %d, the log has it at %d", h.ID, h.Position, e.Position)
		}
		if h.sender == "" {
			continue
		}
		if b := before[h.sender]; h.Position <= b.Position {
			f.reordered++
			t.Errorf("%s lies at %d and %s, which was sent after its receipt, at %d", b.ID, b.Position, h.ID, h.Position)
		}
		before[h.sender] = h
	}
}

func (f *kept) readsHeld(t *testing.T, j *journal) {
	t.Helper()
	if int64(f.reads) < j.views.Load() {
		t.Errorf("%d answers were given and %d reads are recorded", j.views.Load(), f.reads)
	}
}

// models dumps what the read models say: every row of every table, in order.
func (v *victim) models(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, name := range []string{"identity", "childview", "strategy"} {
		db, err := sqlite.Open(t.Context(), filepath.Join(v.data("models"), name+".db"), sqlite.Rebuildable)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range column(t, db.Read, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
			rows := dump(t, db.Read, table)
			slices.Sort(rows)
			all[name+"."+table] = rows
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func column(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func dump(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	columns := column(t, db, `SELECT name FROM pragma_table_info('`+table+`')`)
	query := "SELECT ''"
	for _, c := range columns {
		query += ` || quote("` + c + `") || ' '`
	}
	return column(t, db, query+` FROM "`+table+`"`)
}

// sameModels compares what was kept up to date through all kills with what was
// built from the log alone.
func sameModels(t *testing.T, live, anew map[string][]string) {
	t.Helper()
	for name, rows := range anew {
		if !slices.Equal(live[name], rows) {
			t.Errorf("read model %s has %d rows that differ from those built anew: %s", name, len(live[name]), differing(live[name], rows))
		}
	}
	if len(live) != len(anew) || len(anew) < 10 {
		t.Errorf("%d tables were kept up to date, %d built anew", len(live), len(anew))
	}
}

func differing(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%s, not %s", a[i], b[i])
		}
	}
	return fmt.Sprintf("%d rows, not %d", len(a), len(b))
}
