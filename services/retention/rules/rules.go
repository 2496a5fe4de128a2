// Package rules holds how long which record is kept, as data: packs of rules, each in
// force from a day, and each rule with its source. It is pure.
package rules

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kith/events"
)

//go:embed england-2026.json
var files embed.FS

// Class is what sort of record something belongs to.
type Class string

const (
	LookedAfter     Class = "looked-after"
	SexualAbuse     Class = "sexual-abuse"
	ChildProtection Class = "child-protection"
	ChildInNeed     Class = "child-in-need"
	School          Class = "school"
	Other           Class = "other"
)

func classes() []Class {
	return []Class{LookedAfter, SexualAbuse, ChildProtection, ChildInNeed, School, Other}
}

// From is what a time is counted from.
type From string

const (
	FromBirth From = "birth"
	FromLast  From = "last" // the latest thing of that class that happened or was recorded
)

// Rule says how long one class is kept, of every agency or of one kind, everywhere or
// in one area.
type Rule struct {
	ID     string            `json:"id"`
	Class  Class             `json:"class"`
	Kind   events.AgencyKind `json:"kind,omitempty"` // of the agency that shared it; any if left out
	Area   events.AgencyID   `json:"area,omitempty"` // the local authority whose rule it is; any if left out
	From   From              `json:"from"`
	Years  int               `json:"years"`
	Source string            `json:"source"`
}

// Pack is one edition of the rules.
type Pack struct {
	ID            string      `json:"id"`
	Edition       string      `json:"edition"`
	EffectiveFrom events.Date `json:"effectiveFrom"`
	Rules         []Rule      `json:"rules"`
}

// Packs are all editions.
type Packs struct{ packs []Pack }

// Load reads the packs that are part of the program and those of a partnership, each
// of which may say other than England's for one area, one kind of agency or a class.
func Load(own ...[]byte) (p Packs, err error) {
	b, err := files.ReadFile("england-2026.json")
	if err != nil {
		return p, err
	}
	for _, text := range append([][]byte{b}, own...) {
		var pack Pack
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&pack); err != nil {
			return p, fmt.Errorf("retention rules: %w", err)
		}
		if err := pack.check(); err != nil {
			return p, fmt.Errorf("retention rules %s: %w", pack.ID, err)
		}
		p.packs = append(p.packs, pack)
	}
	return p, nil
}

func (p Pack) check() error {
	if _, err := day(p.EffectiveFrom); err != nil || p.ID == "" || p.Edition == "" {
		return errors.New("id, edition and effectiveFrom (YYYY-MM-DD) are required")
	}
	for _, r := range p.Rules {
		switch {
		case r.ID == "" || r.Source == "":
			return errors.New("every rule needs its id and its source")
		case !slices.Contains(classes(), r.Class):
			return fmt.Errorf("rule %s: there is no such class", r.ID)
		case r.From != FromBirth && r.From != FromLast:
			return fmt.Errorf("rule %s: from is birth or last", r.ID)
		case r.Years < 1 || r.Years > 150:
			return fmt.Errorf("rule %s: years must be between 1 and 150", r.ID)
		}
	}
	return nil
}

// At is the rule in force on a day for what an agency of a kind shared in an area:
// the most particular one, and of equally particular ones the latest.
func (p Packs) At(on events.Date, c Class, kind events.AgencyKind, area events.AgencyID) (best Rule, ok bool) {
	rank, since := -1, events.Date("")
	for _, pack := range p.packs {
		for _, r := range pack.Rules {
			if pack.EffectiveFrom > on || r.Class != c || r.Kind != "" && r.Kind != kind || r.Area != "" && r.Area != area {
				continue
			}
			n := 0
			if r.Area != "" {
				n += 2
			}
			if r.Kind != "" {
				n++
			}
			if n > rank || n == rank && pack.EffectiveFrom >= since {
				best, rank, since, ok = r, n, pack.EffectiveFrom, true
			}
		}
	}
	return best, ok
}

// Until is the day until which a rule has something kept; false where it counts from
// a birth that is not known.
func (r Rule) Until(born events.Date, last time.Time) (events.Date, bool) {
	from := last
	if r.From == FromBirth {
		var err error
		if from, err = day(born); err != nil {
			return "", false
		}
	}
	return events.Date(from.AddDate(r.Years, 0, 0).Format(time.DateOnly)), true
}

// ClassOf is the class of a fact that an agency of a kind shared.
func ClassOf(f events.Fact, kind events.AgencyKind) Class {
	switch f := f.(type) {
	case events.InvolvementChanged:
		if strings.Contains(strings.ToLower(f.Service), "looked after") {
			return LookedAfter
		}
		return ChildInNeed
	case events.ProtectionPlan:
		if f.Category == events.Sexual || f.Category == events.Multiple {
			return SexualAbuse
		}
		return ChildProtection
	case events.Section47Enquiry, events.Section47Dates, events.InitialConference, events.ProtectionPlanReview:
		return ChildProtection
	case events.Assessment, events.ReferralDecided, events.Referral, events.ContactReceived:
		return ChildInNeed
	default: // by who says so
	}
	if kind == events.KindEducation {
		return School
	}
	return Other
}

func day(d events.Date) (time.Time, error) { return time.Parse(time.DateOnly, string(d)) }
