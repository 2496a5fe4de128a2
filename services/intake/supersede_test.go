package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"kith/events"
	"kith/events/bus"
)

// withdrawn publishes an event about the people of a withdrawal, and answers its id.
func withdrawn(t *testing.T, d *door, a events.Agency, data []byte) string {
	t.Helper()
	typ := map[events.AgencyKind]events.Type{events.KindPolice: missing1, events.KindHealth: "uk.kith.health.flag.v1",
		events.KindEducation: "uk.kith.education.suspension.v1"}[a.Kind]
	id := "to withdraw"
	d.accepts(t, a.ID, bus.Message{Body: fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":%q,"type":%q,"data":%s}`, id, a.Source, typ, about(t, example(t, typ), data))})
	return id
}

// about is a report about the people of another.
func about(t *testing.T, report, other []byte) []byte {
	t.Helper()
	var r, o map[string]json.RawMessage
	if err := json.Unmarshal(report, &r); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(other, &o); err != nil {
		t.Fatal(err)
	}
	r["about"] = o["about"]
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const withdrawal = events.Type("uk.kith.police.withdrawal.v1")

// inPlaceOf is a message of the police that supersedes another.
func inPlaceOf(old, id string, typ events.Type, data []byte) bus.Message {
	return bus.Message{Body: fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"urn:kith:agency:northshire-police","type":%q,"supersedes":%q,"data":%s}`, id, typ, old, data)}
}

func TestSupersede(t *testing.T) {
	report := example(t, missing1)
	better := bytes.Replace(report, []byte("Third time"), []byte("Fourth time"), 1)
	void := example(t, withdrawal)
	stranger := bytes.ReplaceAll(better, []byte("NSP-P-51190"), []byte("NSP-P-1"))
	refusedFirst := func(t *testing.T, d *door) { d.refuses(t, police, sent("1", missing1, []byte(`{}`)), Schema) }
	acceptedFirst := func(t *testing.T, d *door) { d.accepts(t, police, sent("1", missing1, report)) }
	for _, c := range []struct {
		name    string
		before  func(*testing.T, *door)
		m       bus.Message
		code    string
		pointer string
	}{
		{"a correction", acceptedFirst, inPlaceOf("1", "2", missing1, better), "", ""},
		{"a correction of another type", acceptedFirst, inPlaceOf("1", "2", "uk.kith.police.public-protection-notice.v1", about(t, example(t, "uk.kith.police.public-protection-notice.v1"), report)), "", ""},
		{"a withdrawal", acceptedFirst, inPlaceOf("1", "2", withdrawal, void), "", ""},
		{"of what was refused", refusedFirst, inPlaceOf("1", "2", missing1, better), "", ""},
		{"of what was refused, under its id", refusedFirst, inPlaceOf("1", "1", missing1, better), "", ""},
		{"withdrawal of what was refused", refusedFirst, inPlaceOf("1", "2", withdrawal, void), UnknownEvent, "/supersedes"},
		{"of what never was", acceptedFirst, inPlaceOf("11", "2", missing1, better), UnknownEvent, "/supersedes"},
		{"withdrawal of nothing", acceptedFirst, sent("2", withdrawal, void), Schema, "/supersedes"},
		{"withdrawal of itself", acceptedFirst, inPlaceOf("2", "2", withdrawal, void), Schema, "/supersedes"},
		{"without somebody", acceptedFirst, inPlaceOf("1", "2", missing1, stranger), OtherPeople, "/data/about"},
		{"withdrawal without somebody", acceptedFirst, inPlaceOf("1", "2", withdrawal, bytes.ReplaceAll(void, []byte("NSP-P-51190"), []byte("NSP-P-1"))), OtherPeople, "/data/about"},
		{"no id", acceptedFirst, bus.Message{Body: bytes.Replace(inPlaceOf("1", "2", missing1, better).Body, []byte(`"supersedes":"1"`), []byte(`"supersedes":1`), 1)}, Malformed, "/supersedes"},
		{"an id that nobody sees", acceptedFirst, inPlaceOf("1\u200b", "2", missing1, better), Malformed, "/supersedes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, plain)
			c.before(t, d)
			if c.code != "" {
				if r := d.refuses(t, police, c.m, c.code); r.Problems[0].Pointer != c.pointer {
					t.Errorf("complains of %s", r.Problems[0].Pointer)
				}
				return
			}
			first := d.accepts(t, police, c.m)
			if again, err := d.another(t).Take(t.Context(), police, c.m); err != nil || again.Receipt == nil || again.Receipt.Note != first.Note {
				t.Errorf("the same again: %+v, %v", again, err)
			}
		})
	}
}

// Only one event may stand in the place of another, and it is told by the items.
func TestSupersedeOnce(t *testing.T) {
	d := open(t, plain)
	report := example(t, missing1)
	d.accepts(t, police, sent("1", missing1, report))
	d.accepts(t, police, inPlaceOf("1", "2", missing1, bytes.Replace(report, []byte("Third"), []byte("Fourth"), 1)))
	d.refuses(t, police, inPlaceOf("1", "3", missing1, bytes.Replace(report, []byte("Third"), []byte("Fifth"), 1)), Superseded)
	d.accepts(t, police, inPlaceOf("2", "4", withdrawal, example(t, withdrawal)))
	d.refuses(t, police, inPlaceOf("2", "5", withdrawal, example(t, withdrawal)), Superseded)
	var told []string
	for _, i := range held[events.Item](t, d.store, "subject") {
		told = append(told, i.EventID+"<"+i.Supersedes)
	}
	if fmt.Sprint(told) != "[1< 2<1 4<2]" {
		t.Errorf("items: %v", told)
	}
	ended := 0
	for _, s := range held[events.EventSuperseded](t, d.store, "intake") {
		if ended++; len(s.Items) != 1 || s.Withdrawn != (s.By == "4") {
			t.Errorf("superseded: %+v", s)
		}
	}
	if ended != 2 {
		t.Errorf("%d events were superseded", ended)
	}
}

// Nobody learns by it what another agency sent, nor touches that.
func TestSupersedeOnlyOnesOwn(t *testing.T) {
	d := open(t, plain)
	const suspension = "uk.kith.education.suspension.v1"
	d.accepts(t, "oakfield-school", bus.Message{Body: fmt.Appendf(nil, `{"specversion":"1.0","id":"1","source":"urn:kith:agency:oakfield-school","type":%q,"data":%s}`, suspension, example(t, suspension))})
	d.refuses(t, police, inPlaceOf("1", "2", missing1, example(t, missing1)), UnknownEvent)
	if n := len(held[events.EventSuperseded](t, d.store, "intake")); n != 0 {
		t.Errorf("%d events were superseded", n)
	}
}

// Two hubs that take two corrections of one event at the same time accept one.
func TestTwoCorrectionsAtOnce(t *testing.T) {
	d := open(t, plain)
	hubs := []*Intake{d.Intake, d.another(t)}
	const rounds, each = 10, 6
	for r := range rounds {
		id := fmt.Sprint("r", r)
		d.accepts(t, police, sent(id, missing1, example(t, missing1)))
		var accepted atomic.Int32
		var all sync.WaitGroup
		for i := range each {
			all.Go(func() {
				a, err := hubs[i%2].Take(t.Context(), police, inPlaceOf(id, fmt.Sprint(id, "/", i), missing1, example(t, missing1)))
				switch {
				case err != nil:
					t.Error(err)
				case a.Receipt != nil:
					accepted.Add(1)
				case a.Refusal.Problems[0].Code != Superseded:
					t.Errorf("refused as %s", a.Refusal.Problems[0].Code)
				}
			})
		}
		all.Wait()
		if accepted.Load() != 1 {
			t.Errorf("%d of %d corrections were accepted", accepted.Load(), each)
		}
	}
	t.Logf("%d times %d corrections of one event at once: one accepted each time", rounds, each)
}
