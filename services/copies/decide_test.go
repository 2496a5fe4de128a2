package copies

import (
	"errors"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
)

func TestDue(t *testing.T) {
	free := map[events.Date]bool{"2026-12-25": true, "2026-12-28": true}
	c := New(Config{WorkingDay: func(d events.Date) bool {
		day, err := time.Parse(time.DateOnly, string(d))
		return err == nil && day.Year() < 2028 && day.Weekday() != time.Saturday && day.Weekday() != time.Sunday && !free[d]
	}})
	for received, want := range map[events.Date]events.Date{
		"2026-11-23": "2026-12-23", "2026-11-25": "2026-12-29", // Christmas, a weekend, a bank holiday
		"2026-10-31": "2026-11-30", "2027-01-31": "2027-03-01", // the last day of February is a Sunday
		"2026-12-31": "2027-02-01", "2027-12-31": "", "no day": "",
	} {
		if got, err := c.due(received); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: due %s, %v; want %s", received, got, err, want)
		}
	}
}

func TestForm(t *testing.T) {
	whole := RequestForm{Child: "c", For: events.ForSubjectAccess, Identity: "passport", Received: "2026-11-20",
		Recipient: events.CopyRecipient{Kind: events.RecipientParent, ParentalResponsibility: true, Name: events.Name{Family: "Exmoor"}, Born: "1984-02-11", SendTo: []string{"3 Invented Row"}}}
	for _, c := range []struct {
		name   string
		change func(*RequestForm)
		want   string
	}{
		{"whole", func(*RequestForm) {}, ""},
		{"nothing", func(f *RequestForm) { *f = RequestForm{} }, "child kind family for identity sendTo received "},
		{"a parent without responsibility", func(f *RequestForm) { f.Recipient.ParentalResponsibility = false }, "responsibility "},
		{"a parent like any other", func(f *RequestForm) { f.Recipient.Born = "" }, "born "},
		{"a parent with a court's purpose", func(f *RequestForm) { f.For = events.ForCourt }, "for "},
		{"from tomorrow", func(f *RequestForm) { f.Received = "2026-11-24" }, "received "},
		{"sent nowhere", func(f *RequestForm) { f.Recipient.SendTo = nil }, "sendTo "},
	} {
		f := whole
		c.change(&f)
		got := ""
		var e *fault.Error
		if errors.As(f.check("2026-11-23"), &e) {
			for _, p := range e.At {
				got += p.Pointer + " "
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Two different people have to say the very same; who changes their mind is heard
// with the last word.
func TestTwoPeople(t *testing.T) {
	const in, out, less = events.CopyInclude, events.CopyWithhold, events.CopyWithout
	says := func(by string, j events.CopyJudgment, without ...string) events.CopyItemJudged {
		return events.CopyItemJudged{Copy: "k", Item: "i", Judgment: j, Without: without, Reason: "r", By: events.ActorID(by)}
	}
	for _, c := range []struct {
		name string
		said []events.CopyItemJudged
		want events.CopyJudgment
	}{
		{"nobody", nil, ""},
		{"one", []events.CopyItemJudged{says("a", in)}, ""},
		{"one, twice", []events.CopyItemJudged{says("a", in), says("a", in)}, ""},
		{"two", []events.CopyItemJudged{says("a", in), says("b", in)}, in},
		{"two who differ", []events.CopyItemJudged{says("a", in), says("b", out)}, ""},
		{"two who leave out other words", []events.CopyItemJudged{says("a", less, "x"), says("b", less, "y")}, ""},
		{"two who leave out the same", []events.CopyItemJudged{says("a", less, "x"), says("b", less, "x")}, less},
		{"one of two changes their mind", []events.CopyItemJudged{says("a", in), says("b", in), says("a", out)}, ""},
		{"both do", []events.CopyItemJudged{says("a", in), says("b", in), says("a", out), says("b", out)}, out},
	} {
		rs := evolve(nil, events.CopyRequested{Copy: "k"})
		for _, e := range c.said {
			es, err := judge(rs, e)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range es {
				rs = evolve(rs, e)
			}
		}
		if got := rs.Find("k").agreed()["i"].Judgment; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Where somebody must not be found, one person is not enough, however often they say
// that it is safe.
func TestWhereItGoes(t *testing.T) {
	rs := evolve(nil, events.CopyRequested{Copy: "k"})
	for i, c := range []struct {
		by             events.ActorID
		plain, guarded bool
	}{{"", false, false}, {"a", true, false}, {"a", true, false}, {"b", true, true}} {
		if c.by != "" {
			es, err := confirm(rs, events.CopyAddressConfirmed{Copy: "k", By: c.by})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range es {
				rs = evolve(rs, e)
			}
		}
		r := rs.Find("k")
		if plain, guarded := r.Ready(Prepared{}) == nil, r.Ready(Prepared{Guarded: true}) == nil; plain != c.plain || guarded != c.guarded {
			t.Errorf("%d: ready %v, guarded %v", i, plain, guarded)
		}
	}
	if _, err := confirm(rs, events.CopyAddressConfirmed{Copy: "other", By: "a"}); err != fault.NotFound {
		t.Errorf("a copy that nobody asked for: %v", err)
	}
}
