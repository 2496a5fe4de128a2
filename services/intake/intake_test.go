package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/fault"
	"kith/services/internal/keys"
)

var agencies = []events.Agency{
	{ID: "northshire-police", Kind: events.KindPolice, Name: "Northshire Police", Source: "urn:kith:agency:northshire-police"},
	{ID: "northshire-hospital", Kind: events.KindHealth, Name: "Northshire Hospital", Source: "urn:kith:agency:northshire-hospital"},
	{ID: "oakfield-school", Kind: events.KindEducation, Name: "Oakfield School", Source: "urn:kith:agency:oakfield-school"},
}

// door is an intake over a real log and real keys, and what it logs.
type door struct {
	*Intake
	store  *store.Store
	keys   *keys.Keys
	signer *bus.Signer
	log    *bytes.Buffer
	lines  slog.Handler // one for all, since it is what keeps their lines apart
}

func open(t testing.TB, wrap func(store.Log) store.Log) *door {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	k, err := keys.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	signer, err := bus.NewSigner(filepath.Join(t.TempDir(), "receipt.key"))
	if err != nil {
		t.Fatal(err)
	}
	d := &door{keys: k, signer: signer, log: &bytes.Buffer{}}
	d.lines = slog.NewTextHandler(d.log, nil)
	d.store = store.New(wrap(l), k)
	d.Intake = d.another(t)
	return d
}

func plain(l store.Log) store.Log { return l }

// another is an intake over the same store, as after a restart or in another hub.
func (d *door) another(t testing.TB) *Intake {
	t.Helper()
	in, err := New(Config{Store: d.store, Signer: d.signer, Agencies: agencies, Foreign: national,
		Now: func() time.Time { return time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC) },
		Log: slog.New(d.lines)})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// national understands one foreign message.
func national(k events.AgencyKind, body []byte) (events.Notice, bool) {
	var m struct{ NHSNumber, Changed string }
	if k != events.KindHealth || json.Unmarshal(body, &m) != nil || m.Changed == "" {
		return events.Notice{}, false
	}
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	return events.Notice{ID: "national-1", Report: events.Report{
		Shared: events.Shared{OccurredAt: at, RecordedAt: at, Basis: events.Basis{Article6: events.PublicTask},
			Label: events.Involvement, Contact: events.Contact{Team: "National notifications"}},
		About: []events.Person{{LocalID: m.NHSNumber, Role: events.RoleChild,
			Identifiers: events.Identifiers{NHSNumber: &events.NHSNumber{Value: m.NHSNumber, Status: events.NHSVerified}}}},
		Fact: events.NationalRecordChanged{Change: m.Changed},
	}}, true
}

// example is the golden example of a type, which the tests of events keep true.
func example(t testing.TB, typ events.Type) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "events", "testdata", string(typ)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sent is a message of the police with the given type, id and data.
func sent(id string, typ events.Type, data []byte) bus.Message {
	return bus.Message{Body: fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"urn:kith:agency:northshire-police","type":%q,"data":%s}`, id, typ, data)}
}

const (
	police   = events.AgencyID("northshire-police")
	incident = events.Type("uk.kith.police.domestic-abuse-incident.v1")
	missing1 = events.Type("uk.kith.police.missing-episode.v1")
)

func (d *door) accepts(t *testing.T, agency events.AgencyID, m bus.Message) bus.Receipt {
	t.Helper()
	a, err := d.Take(t.Context(), agency, m)
	if err != nil {
		t.Fatal(err)
	}
	if a.Receipt == nil {
		t.Fatalf("refused: %+v", a.Refusal.Problems)
	}
	if err := bus.Verify(d.signer.Verifier(), *a.Receipt); err != nil {
		t.Error(err)
	}
	if a.Digest != bus.Digest(m) || a.Receipt.Digest != a.Digest {
		t.Errorf("digest %s, of the receipt %s, want %s", a.Digest, a.Receipt.Digest, bus.Digest(m))
	}
	return *a.Receipt
}

func (d *door) refuses(t *testing.T, agency events.AgencyID, m bus.Message, code string) bus.Refusal {
	t.Helper()
	a, err := d.Take(t.Context(), agency, m)
	if err != nil {
		t.Fatal(err)
	}
	if a.Refusal == nil {
		t.Fatalf("accepted; want a refusal, %s", code)
	}
	if a.Digest != bus.Digest(m) || a.Refusal.Digest != a.Digest || a.Refusal.Agency != agency {
		t.Errorf("the refusal does not name the message: %+v", a.Refusal)
	}
	if a.Refusal.Problems[0].Code != code {
		t.Errorf("refused for %+v, want %s", a.Refusal.Problems, code)
	}
	return *a.Refusal
}

// held lists what the log holds of a category.
func held[E events.Event](t *testing.T, s *store.Store, category string) []E {
	t.Helper()
	last, err := s.Last(t.Context())
	if err != nil || last == 0 {
		return nil
	}
	var es []E
	for e, err := range s.Follow(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := e.Event.(E); ok && e.Stream.Category() == category {
			es = append(es, v)
		}
		if e.Position == last {
			break
		}
	}
	return es
}

func TestAccepted(t *testing.T) {
	d := open(t, plain)
	r := d.accepts(t, police, sent("NSP-1", incident, example(t, incident)))
	if r.Agency != police || r.Source != agencies[0].Source || r.ID != "NSP-1" || r.Type != incident {
		t.Errorf("receipt of another event: %+v", r)
	}
	items := held[events.Item](t, d.store, "subject")
	if len(items) != 4 {
		t.Fatalf("%d items of a report about four", len(items))
	}
	ids := map[events.ItemID]bool{}
	for _, i := range items {
		ids[i.ID] = true
		if i.Agency != police || i.Kind != events.KindPolice || i.EventID != "NSP-1" || len(i.With) != 3 {
			t.Errorf("item says of itself: agency %s, kind %s, id %s, with %d", i.Agency, i.Kind, i.EventID, len(i.With))
		}
		if want := d.store.Pseudonym("subject", string(police)+"\x00"+i.Person.LocalID); string(i.Subject) != want {
			t.Errorf("subject %s, want %s", i.Subject, want)
		}
		if (i.Voice != nil) != (i.Person.Role == events.RoleChild) {
			t.Errorf("the voice of the child is with the %s: %v", i.Person.Role, i.Voice != nil)
		}
		if slices.ContainsFunc(i.With, func(c events.Companion) bool { return c.Subject == i.Subject }) {
			t.Error("a person is their own companion")
		}
	}
	if len(ids) != 4 {
		t.Error("items share an id")
	}
	accepted := held[events.EventAccepted](t, d.store, "intake")
	if len(accepted) != 1 || len(accepted[0].Items) != 4 || accepted[0].Digest != r.Digest {
		t.Errorf("recorded: %+v", accepted)
	}
	if last, err := d.store.Last(t.Context()); err != nil || store.Position(r.Position) != last {
		t.Errorf("receipt at %d, but the log goes on to %d: %v", r.Position, last, err)
	}
}

func TestEveryKindOfFactIsAccepted(t *testing.T) {
	d := open(t, plain)
	for typ := range events.FactTypes() {
		for _, a := range agencies {
			if string(a.Kind) != typ.Family() {
				continue
			}
			r, err := events.DecodeReport(typ, bytes.TrimSpace(example(t, typ)))
			if err != nil {
				t.Fatal(err)
			}
			e, err := bus.NewEvent(a.Source, events.Notice{ID: string(typ), Report: r})
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := r.Fact.(events.Withdrawal); ok {
				e.SetExtension("supersedes", withdrawn(t, d, a, e.Data()))
			}
			for _, write := range []func() (bus.Message, error){
				func() (bus.Message, error) { return bus.Structured(e) },
				func() (bus.Message, error) { return bus.Binary(e) },
			} {
				m, err := write()
				if err != nil {
					t.Fatal(err)
				}
				d.accepts(t, a.ID, m)
			}
		}
	}
}

func TestTheSameGetsTheSameReceipt(t *testing.T) {
	d := open(t, plain)
	m := sent("NSP-1", incident, example(t, incident))
	first := d.accepts(t, police, m)
	d.accepts(t, police, sent("NSP-2", missing1, example(t, missing1)))
	before, _ := d.store.Last(t.Context())

	d.Intake = d.another(t)
	again := d.accepts(t, police, m)
	if again.Note != first.Note || !again.AcceptedAt.Equal(first.AcceptedAt) || again.Position != first.Position {
		t.Errorf("two receipts:\n%+v\n%+v", first, again)
	}
	if after, _ := d.store.Last(t.Context()); after != before {
		t.Errorf("a repeat added %d events", after-before)
	}
}

// A receipt can be asked for again, by the agency that it was given to.
func TestReceiptOnRequest(t *testing.T) {
	d := open(t, plain)
	want := d.accepts(t, police, sent("NSP-1", incident, example(t, incident)))
	if got, err := d.Receipt(t.Context(), police, want.Source, want.ID); err != nil || got != want {
		t.Errorf("%v\n%+v\n%+v", err, got, want)
	}
	d.refuses(t, police, sent("NSP-2", incident, []byte("{}")), Schema)
	for _, ask := range []struct {
		agency     events.AgencyID
		source, id string
	}{{police, want.Source, "NSP-2"}, {police, "", "NSP-1"}, {"oakfield-school", want.Source, "NSP-1"}} {
		if _, err := d.Receipt(t.Context(), ask.agency, ask.source, ask.id); err != fault.NotFound {
			t.Errorf("%+v: %v", ask, err)
		}
	}
}

func TestManyAtOnceGetOneReceipt(t *testing.T) {
	d := open(t, plain)
	m := sent("NSP-1", incident, example(t, incident))
	notes := make([]string, 16)
	var wg sync.WaitGroup
	for i := range notes {
		wg.Go(func() {
			a, err := d.Take(t.Context(), police, m)
			if err != nil || a.Receipt == nil {
				t.Errorf("%v %+v", err, a.Refusal)
				return
			}
			notes[i] = a.Receipt.Note
		})
	}
	wg.Wait()
	if slices.Sort(notes); notes[0] == "" || notes[0] != notes[len(notes)-1] {
		t.Error("several receipts for one message")
	}
	if n := len(held[events.Item](t, d.store, "subject")); n != 4 {
		t.Errorf("%d items", n)
	}
}

// Of two messages of one name at the same time one is accepted and the other
// refused: neither is lost and neither is mixed with the other.
func TestOneNameForTwoMessagesAtOnce(t *testing.T) {
	for i := range 8 {
		d := open(t, plain)
		ms := []bus.Message{sent("NSP-1", incident, example(t, incident)), sent("NSP-1", missing1, example(t, missing1))}
		answers := make([]bus.Answer, len(ms))
		var wg sync.WaitGroup
		for j, m := range ms {
			wg.Go(func() {
				var err error
				if answers[j], err = d.Take(t.Context(), police, m); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if (answers[0].Receipt == nil) == (answers[1].Receipt == nil) {
			t.Fatalf("round %d: %+v", i, answers)
		}
		want := 4
		if answers[0].Receipt == nil {
			want = 1
		}
		if n := len(held[events.Item](t, d.store, "subject")); n != want {
			t.Errorf("round %d: %d items, want %d", i, n, want)
		}
	}
}

func TestReusedID(t *testing.T) {
	d := open(t, plain)
	d.accepts(t, police, sent("NSP-1", incident, example(t, incident)))
	other := bytes.Replace(example(t, incident), []byte(`"heard"`), []byte(`"saw"`), 1)
	for range 2 {
		r := d.refuses(t, police, sent("NSP-1", incident, other), ReusedID)
		if r.Problems[0].Pointer != "/id" {
			t.Errorf("points to %s", r.Problems[0].Pointer)
		}
	}
	d.refuses(t, police, sent("NSP-1", missing1, example(t, missing1)), ReusedID)
	if n := len(held[events.Item](t, d.store, "subject")); n != 4 {
		t.Errorf("%d items", n)
	}
	if n := len(d.quarantined(t, police)); n != 2 {
		t.Errorf("%d messages in quarantine, want 2", n)
	}
}

// The same event in other bytes, or translated at the agency this time, is the
// same event. Its receipt names the bytes that it answers.
func TestSameEventInOtherBytes(t *testing.T) {
	d := open(t, plain)
	spaced := sent("NSP-1", incident, example(t, incident))
	var data bytes.Buffer
	if err := json.Compact(&data, example(t, incident)); err != nil {
		t.Fatal(err)
	}
	first := d.accepts(t, police, spaced)
	before, _ := d.store.Last(t.Context())
	second := d.accepts(t, police, sent("NSP-1", incident, data.Bytes()))
	if second.Position != first.Position || !second.AcceptedAt.Equal(first.AcceptedAt) || second.Digest == first.Digest {
		t.Errorf("receipts:\n%+v\n%+v", first, second)
	}
	if again := d.accepts(t, police, spaced); again != first {
		t.Errorf("receipts:\n%+v\n%+v", first, again)
	}
	if after, _ := d.store.Last(t.Context()); after != before {
		t.Errorf("%d events were added", after-before)
	}

	foreign := bus.Message{Body: []byte(`{"nhsNumber":"9434765870","changed":"pds-change-of-gp-2"}`)}
	n, _ := national(events.KindHealth, foreign.Body)
	e, err := bus.NewEvent(agencies[1].Source, n)
	if err != nil {
		t.Fatal(err)
	}
	translated, err := bus.Structured(e)
	if err != nil {
		t.Fatal(err)
	}
	first, second = d.accepts(t, "northshire-hospital", foreign), d.accepts(t, "northshire-hospital", translated)
	if first.Position != second.Position {
		t.Errorf("two acceptances:\n%+v\n%+v", first, second)
	}
}

// A message that was mended may keep its id.
func TestMendedMessageIsAccepted(t *testing.T) {
	d := open(t, plain)
	broken := bytes.Replace(example(t, incident), []byte(`"heard"`), []byte(`"listened"`), 1)
	d.refuses(t, police, sent("NSP-1", incident, broken), Schema)
	d.accepts(t, police, sent("NSP-1", incident, example(t, incident)))
}

func TestForeignMessage(t *testing.T) {
	d := open(t, plain)
	m := bus.Message{Body: []byte(`{"nhsNumber":"9434765870","changed":"pds-change-of-gp-2"}`)}
	r := d.accepts(t, "northshire-hospital", m)
	if r.Source != "urn:kith:agency:northshire-hospital" || r.ID != "national-1" || r.Type != "uk.kith.health.national-record-changed.v1" {
		t.Errorf("receipt: %+v", r)
	}
	cloud := bus.Message{Body: []byte(`{"specversion":"1.0","id":"7","source":"uk.nhs","type":"pds-change-of-gp-2","nhsNumber":"9434765870","changed":"x"}`)}
	d.refuses(t, police, cloud, Malformed) // attributes are in lower case, and nobody translates for the police
	if r := d.refuses(t, "northshire-hospital", bus.Message{Body: []byte(`{"nhsNumber":"9434765871","changed":"x"}`)}, Schema); r.Problems[0].Pointer != "" {
		t.Errorf("points into a document that nobody sent: %+v", r.Problems)
	}
}

// failing is a log that takes the first write of an append and then fails, once:
// what a crash leaves in a log that cannot take all at once.
type failing struct {
	store.Log
	once sync.Once
}

var errCrash = errors.New("crashed")

func (f *failing) Append(ctx context.Context, ws ...store.Write) ([]store.Appended, error) {
	crash := false
	if len(ws) > 1 {
		f.once.Do(func() { crash = true })
	}
	if !crash {
		return f.Log.Append(ctx, ws...)
	}
	if _, err := f.Log.Append(ctx, ws[:2]...); err != nil {
		return nil, err
	}
	return nil, errCrash
}

func TestRepeatCompletesWhatACrashCutOff(t *testing.T) {
	d := open(t, func(l store.Log) store.Log { return &failing{Log: l} })
	m := sent("NSP-1", incident, example(t, incident))
	if a, err := d.Take(t.Context(), police, m); !errors.Is(err, errCrash) {
		t.Fatalf("%+v, %v", a, err)
	}
	if n := len(held[events.Item](t, d.store, "subject")); n != 2 {
		t.Fatalf("the crash left %d items", n)
	}
	r := d.accepts(t, police, m)
	items := held[events.Item](t, d.store, "subject")
	if len(items) != 4 {
		t.Errorf("%d items", len(items))
	}
	if again := d.accepts(t, police, m); again.Note != r.Note {
		t.Error("another receipt")
	}
}

// A person who was erased stays erased, and does not block those behind.
func TestErasedPerson(t *testing.T) {
	d := open(t, plain)
	d.accepts(t, police, sent("NSP-1", missing1, example(t, missing1)))
	subject := held[events.Item](t, d.store, "subject")[0].Subject
	if err := d.keys.Destroy(t.Context(), subjectStream(subject).Key()); err != nil {
		t.Fatal(err)
	}
	d.refuses(t, police, sent("NSP-2", missing1, example(t, missing1)), Erased)
	d.accepts(t, police, sent("NSP-1", missing1, example(t, missing1))) // the receipt is still the receipt
	d.accepts(t, police, sent("NSP-3", incident, example(t, incident)))
}

// What a log or a cause says in clear is opaque: no reference of an agency, no
// name, not even the id of an event.
func TestNothingPersonalInClear(t *testing.T) {
	d := open(t, plain)
	d.accepts(t, police, sent("Amelia-Hughes-1", incident, example(t, incident)))
	d.refuses(t, police, sent("Amelia-Hughes-2", incident, []byte(`{"Amelia":"Hughes"}`)), Schema)
	last, _ := d.store.Last(t.Context())
	for e, err := range d.store.Follow(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		clear := fmt.Sprint(e.Stream, e.Cause, e.ID)
		for _, secret := range []string{"Amelia", "Hughes", "NSP"} {
			if strings.Contains(clear, secret) {
				t.Errorf("in clear: %s", clear)
			}
		}
		if e.Position == last {
			break
		}
	}
}

func (d *door) quarantined(t *testing.T, agency events.AgencyID) []Quarantined {
	t.Helper()
	var qs []Quarantined
	for q, err := range d.Refused(t.Context(), agency) {
		if err != nil {
			t.Fatal(err)
		}
		qs = append(qs, q)
	}
	return qs
}
