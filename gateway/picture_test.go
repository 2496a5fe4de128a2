package gateway

import (
	"testing"
	"time"

	"kith/events"
)

func TestPicture(t *testing.T) {
	now := at("2026-11-23T10:00:00Z")
	who := []events.Involved{{Agency: "p", Kind: "police", Name: "Police"}, {Agency: "s", Kind: "education", Name: "School"}}
	one := func(when string, a events.AgencyID) drawn {
		return drawn{At: at(when), Agency: a, Anchor: "item-" + when, Name: "Something"}
	}
	for _, tc := range []struct {
		name  string
		items []drawn
		marks []int // in each lane
	}{
		{"nothing", nil, nil},
		{"one", []drawn{one("2026-11-23T09:59:59Z", "p")}, []int{1, 0}},
		{"at the same moment", []drawn{one("2026-11-23T09:00:00Z", "p"), one("2026-11-23T09:00:00Z", "p"), one("2026-11-23T09:00:00Z", "s")}, []int{1, 1}},
		{"far apart", []drawn{one("2008-01-01T09:00:00Z", "p"), one("2026-11-01T09:00:00Z", "p")}, []int{2, 0}},
		{"in the future", []drawn{one("2026-11-01T09:00:00Z", "p"), one("2027-11-01T09:00:00Z", "s")}, []int{1, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := calendar{time.UTC}.draw(who, tc.items, nil, now)
			if len(p.Lanes) != len(tc.marks) {
				t.Fatalf("%d lanes", len(p.Lanes))
			}
			for i, l := range p.Lanes {
				if len(l.Marks) != tc.marks[i] {
					t.Errorf("lane %s has %d marks, want %d", l.Name, len(l.Marks), tc.marks[i])
				}
				for n, m := range l.Marks {
					if m.X < p.Left || m.X > p.Right || m.Name == "" || m.Anchor == "" {
						t.Errorf("mark %+v", m)
					}
					if n > 0 && m.X-l.Marks[n-1].X < markGap {
						t.Error("two marks are too close to be hit")
					}
				}
			}
			if len(p.Ticks) > 14 {
				t.Errorf("%d names of months", len(p.Ticks))
			}
		})
	}
}

func TestAge(t *testing.T) {
	now := at("2026-11-23T10:00:00Z")
	for born, want := range map[events.Date]string{"2017-03-09": "9 years", "2026-11-01": "0 months", "2025-11-24": "11 months", "2024-11-23": "2 years",
		"2025-10-23": "13 months", "2027-01-01": "", "unknown": ""} {
		if got := age(born, now); got != want {
			t.Errorf("born %s: %q, want %q", born, got, want)
		}
	}
}

func TestCalendarParse(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"2026-07-01T09:00": "2026-07-01T08:00:00Z", "2026-11-01T09:00": "2026-11-01T09:00:00Z", "2026-07-01T09:00:00Z": "2026-07-01T09:00:00Z"} {
		got, err := calendar{london}.parse("at", in)
		if err != nil || !got.Equal(at(want)) {
			t.Errorf("%s is %v, %v", in, got, err)
		}
	}
}
