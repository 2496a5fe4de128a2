package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
)

const suspension1 = events.Type("uk.kith.education.suspension.v1")

// school is a message of the school about a suspension, on a basis.
func school(t *testing.T, id, supersedes string, basis map[string]any) bus.Message {
	t.Helper()
	if supersedes != "" {
		supersedes = fmt.Sprintf(`"supersedes":%q,`, supersedes)
	}
	return bus.Message{Body: fmt.Appendf(nil, `{"specversion":"1.0","id":%q,%s"source":"urn:kith:agency:oakfield-school","type":%q,"data":%s}`,
		id, supersedes, suspension1, put(t, example(t, suspension1), "basis", basis))}
}

// as admits the school as a public body or an independent one.
func (d *door) as(body events.Body) events.AgencyID {
	a := agencies[2]
	a.Body = body
	d.Admit(a)
	return a.ID
}

func TestUnlawfulBasisIsRefused(t *testing.T) {
	d := open(t, plain)
	recognised := map[string]any{"article6": "recognised-legitimate-interest"}
	for _, body := range []events.Body{"", events.PublicBody, "charity"} {
		r := d.refuses(t, d.as(body), school(t, "R-"+string(body), "", recognised), UnlawfulBasis)
		if p := r.Problems[0]; p.Pointer != "/data/basis/article6" || !strings.Contains(p.Detail, "Assert public-task") {
			t.Errorf("does not say where and what to do: %+v", p)
		}
	}
	d.accepts(t, d.as(events.IndependentBody), school(t, "R", "", recognised))

	both := put(t, example(t, missing1), "basis", map[string]any{"article6": "legal-obligation", "article9": "health-or-social-care"})
	if r := d.refuses(t, police, sent("B", missing1, both), UnlawfulBasis); len(r.Problems) != 2 {
		t.Errorf("names %d of 2 problems: %+v", len(r.Problems), r.Problems)
	}
	if n := len(held[events.EventAccepted](t, d.store, "intake")); n != 1 {
		t.Errorf("%d accepted", n)
	}
}

// What an agency sent before its basis was closed to it stays accepted; what it
// then says anew has to stand on the table, except to take something back.
func TestSentBeforeTheBasisWasClosed(t *testing.T) {
	d := open(t, plain)
	recognised := map[string]any{"article6": "recognised-legitimate-interest"}
	before := school(t, "S", "", recognised)
	first := d.accepts(t, d.as(events.IndependentBody), before)

	id := d.as(events.PublicBody)
	if again := d.accepts(t, id, before); again.Note != first.Note || again.Position != first.Position {
		t.Errorf("another receipt: %+v, was %+v", again, first)
	}
	if r := d.refuses(t, id, school(t, "S", "", map[string]any{"article6": "legitimate-interests"}), UnlawfulBasis); len(r.Problems) != 2 || r.Problems[1].Code != ReusedID {
		t.Errorf("other content under its id: %+v", r.Problems)
	}
	d.refuses(t, id, school(t, "S2", "S", recognised), UnlawfulBasis)
	back := put(t, about(t, example(t, "uk.kith.education.withdrawal.v1"), example(t, suspension1)), "basis", recognised)
	d.accepts(t, id, bus.Message{Body: fmt.Appendf(nil,
		`{"specversion":"1.0","id":"S3","supersedes":"S","source":"urn:kith:agency:oakfield-school","type":"uk.kith.education.withdrawal.v1","data":%s}`, back)})

	// Refused, put right and sent again under its id.
	d.refuses(t, id, school(t, "T", "", recognised), UnlawfulBasis)
	d.accepts(t, id, school(t, "T", "", map[string]any{"article6": "public-task"}))
}

func TestOfflineKnowsTheTable(t *testing.T) {
	at := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	m := school(t, "R", "", map[string]any{"article6": "recognised-legitimate-interest"})
	a := agencies[2]
	if ps := CheckMessage(a, m, nil, at); len(ps) != 1 || ps[0].Code != UnlawfulBasis {
		t.Errorf("of a public body: %+v", ps)
	}
	a.Body = events.IndependentBody
	if ps := CheckMessage(a, m, nil, at); len(ps) != 0 {
		t.Errorf("of an independent one: %+v", ps)
	}
}

// What our own translators assert is open to whoever uses them.
func TestTranslatedRecordsAreLawful(t *testing.T) {
	n := 0
	for _, kind := range []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare} {
		files, err := filepath.Glob(filepath.Join("..", string(kind), "testdata", "*.golden.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var notices []struct {
				Type events.Type
				Data struct{ Basis events.Basis }
			}
			if err := json.Unmarshal(b, &notices); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			for i, m := range notices {
				if m.Data.Basis.Article6 == "" {
					continue // only says that something was entered in error
				}
				n++
				if ps := (events.Sharing{Kind: kind, Type: m.Type, On: "2026-11-23"}).Unlawful(m.Data.Basis); len(ps) > 0 {
					t.Errorf("%s, notice %d: %+v", f, i, ps)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d records", n)
	}
}

// A duty to share opens the legal obligation to all from the moment at which it
// commences, and not before. Whoever asserts something else is not asked.
func TestDutyOpensTheObligation(t *testing.T) {
	d := open(t, plain)
	asked, inForce, broken := 0, false, error(nil)
	d.duty = func(_ context.Context, at time.Time) (bool, error) {
		asked++
		return inForce && !at.IsZero(), broken
	}
	obliged := func(id string) bus.Message {
		return sent(id, missing1, put(t, example(t, missing1), "basis", map[string]any{"article6": "legal-obligation"}))
	}
	d.accepts(t, police, sent("A", missing1, example(t, missing1)))
	if asked != 0 {
		t.Errorf("asked %d times about a public task", asked)
	}
	d.refuses(t, police, obliged("B"), UnlawfulBasis)
	inForce = true
	d.accepts(t, police, obliged("B"))
	if d.refuses(t, police, sent("C", missing1, put(t, example(t, missing1), "basis", map[string]any{"article6": "legal-obligation", "article9": "health-or-social-care"})), UnlawfulBasis); asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	broken = errors.New("disk")
	if a, err := d.Take(t.Context(), police, obliged("D")); err == nil {
		t.Errorf("answered although the law could not be read: %+v", a)
	}
}
