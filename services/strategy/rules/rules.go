// Package rules holds the clocks of the process as data: rule packs, each from
// an edition of the statutory guidance and in force from a day, and the working
// days in England. It is pure.
package rules

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"kith/events"
)

//go:embed *.json
var files embed.FS

// The clocks that every pack must have.
const (
	ReferralDecision  = "REFERRAL-1WD" // social care decides on a referral
	InitialConference = "ICPC-15WD"    // the initial child protection conference is held
)

// Pack is one edition of the rules.
type Pack struct {
	ID            string      `json:"id"`
	Edition       string      `json:"edition"`
	Source        string      `json:"source"`
	EffectiveFrom events.Date `json:"effectiveFrom"`
	Clocks        []Clock     `json:"clocks"`
}

// Clock is something that has to be done within so many working days.
type Clock struct {
	ID          string `json:"id"`
	What        string `json:"what"`
	From        string `json:"from"`
	WorkingDays int    `json:"workingDays"`
}

// Packs are all editions, and the calendar they count by.
type Packs struct {
	Calendar
	packs []Pack // oldest first
}

// Due is a day by which something has to be done, and the rule that says so.
type Due struct {
	Date events.Date
	What string
	Rule string // for people, ending in the rule's id: "... (WT2026/ICPC-15WD)"
}

// Load reads the packs that are part of the program. An error means that one of
// them is broken.
func Load() (Packs, error) {
	var p Packs
	names, err := fs.Glob(files, "working-together-*.json")
	if err != nil {
		return Packs{}, err
	}
	for _, n := range names {
		var pack Pack
		if err := read(n, &pack); err != nil {
			return Packs{}, err
		}
		if err := pack.check(); err != nil {
			return Packs{}, fmt.Errorf("rule pack %s: %w", n, err)
		}
		p.packs = append(p.packs, pack)
	}
	slices.SortFunc(p.packs, func(a, b Pack) int { return strings.Compare(string(a.EffectiveFrom), string(b.EffectiveFrom)) })
	var h holidays
	if err := read("bank-holidays.json", &h); err != nil {
		return Packs{}, err
	}
	p.Calendar, err = newCalendar(h)
	return p, err
}

func read[T any](name string, into *T) error {
	b, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

func (p Pack) check() error {
	if p.ID == "" || p.Edition == "" || p.Source == "" || !IsDay(p.EffectiveFrom) {
		return fmt.Errorf("id, edition, source and effectiveFrom are required")
	}
	for _, id := range []string{ReferralDecision, InitialConference} {
		if c := p.Clock(id); c.WorkingDays < 1 || c.What == "" {
			return fmt.Errorf("clock %s is missing", id)
		}
	}
	return nil
}

// At is the pack in force on a day; the oldest, if the day is before all of them.
func (p Packs) At(d events.Date) Pack {
	at := p.packs[0]
	for _, q := range p.packs[1:] {
		if q.EffectiveFrom <= d {
			at = q
		}
	}
	return at
}

// Clock is the clock with that id, or the zero Clock.
func (p Pack) Clock(id string) Clock {
	for _, c := range p.Clocks {
		if c.ID == id {
			return c
		}
	}
	return Clock{}
}

// Due is when what a clock asks for is due, by the pack in force on the day from
// which it counts.
func (p Packs) Due(clock string, from events.Date) (Due, error) {
	pack := p.At(from)
	c := pack.Clock(clock)
	d, err := p.AddWorkingDays(from, c.WorkingDays)
	return Due{Date: d, What: c.What, Rule: pack.rule(c)}, err
}

func (p Pack) rule(c Clock) string {
	days := " working days"
	if c.WorkingDays == 1 {
		days = " working day"
	}
	return p.Edition + ": " + strings.ToLower(c.What[:1]) + c.What[1:] + ", " + strconv.Itoa(c.WorkingDays) + days + " (" + p.ID + "/" + c.ID + ")"
}
