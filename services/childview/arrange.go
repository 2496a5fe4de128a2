package childview

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"kith/events"
)

// Arranged is what a reader is shown of a child: the answer of the API and the input
// of the page. Its lists are never nil, so that JSON says [] and not null.
type Arranged struct {
	Child       events.ChildID         `json:"child"`
	About       About                  `json:"about"`
	Purpose     events.Purpose         `json:"purpose"`
	AsKnownAt   *time.Time             `json:"asKnownAt,omitempty"`
	Agencies    []events.Involved      `json:"agencies"`
	Voice       []Heard                `json:"voice"` // latest first
	Items       []Item                 `json:"items"` // by the time they occurred
	Withheld    []events.Withheld      `json:"withheld"`
	Clocks      []events.Clock         `json:"clocks"` // by the day they are due
	Discussions []events.Discussion    `json:"discussions"`
	Consents    []events.ConsentRecord `json:"consents"`
	Policy      string                 `json:"policy"` // hash of the policy set that decided
}

// About says who the child is, as far as the items shown tell: each list has the
// latest first, and more than one entry where agencies do not agree.
type About struct {
	Names        []events.Name `json:"names"`
	DatesOfBirth []events.Date `json:"datesOfBirth"`
}

// Name is the latest name, or "".
func (a About) Name() string {
	if len(a.Names) == 0 {
		return ""
	}
	return strings.TrimSpace(a.Names[0].Given + " " + a.Names[0].Family)
}

// Born is the latest date of birth, or "".
func (a About) Born() events.Date {
	if len(a.DatesOfBirth) == 0 {
		return ""
	}
	return a.DatesOfBirth[0]
}

// Item is one fact that is shown, with all three of its times.
type Item struct {
	ID            events.ItemID     `json:"item"`
	Agency        events.AgencyID   `json:"agency"`
	Kind          events.AgencyKind `json:"kind"`
	Type          events.Type       `json:"type"`
	Title         string            `json:"title"`
	Source        string            `json:"source"`
	EventID       string            `json:"eventId"` // by which its source knows it
	OccurredAt    time.Time         `json:"occurredAt"`
	RecordedAt    time.Time         `json:"recordedAt"`
	HubRecordedAt time.Time         `json:"hubRecordedAt"`
	Late          bool              `json:"late"`
	Corrects      bool              `json:"corrects,omitempty"` // stands in the place of an earlier item of its agency
	Role          events.Role       `json:"role"`               // of the child in what happened
	Person        events.Person     `json:"person"`
	Fact          events.Fact       `json:"fact"`
	Detail        []Line            `json:"-"` // the fact in words, for pages
	Voice         *events.Voice     `json:"voice,omitempty"`
	Informed      *events.Informed  `json:"informed,omitempty"`
	Contact       events.Contact    `json:"contact"`
	Basis         events.Basis      `json:"basis"`
	Label         events.Label      `json:"label"`
	Caveats       []events.Caveat   `json:"caveats"`
	Grounds       []events.Grounds  `json:"grounds"`
}

// Heard is what the child said, and where it was heard.
type Heard struct {
	Item       events.ItemID   `json:"item"`
	Agency     events.AgencyID `json:"agency"`
	OccurredAt time.Time       `json:"occurredAt"`
	Words      string          `json:"words"`
	HeardBy    string          `json:"heardBy,omitempty"`
}

// Arrange puts what may be shown into the order of the view. It adds nothing:
// all that is in an Arranged was in the Shown.
func Arrange(s events.Shown) Arranged {
	v := Arranged{
		Child: s.Child, Purpose: s.Purpose, AsKnownAt: s.AsKnownAt, Policy: s.Policy,
		About:    about(s.Items),
		Agencies: list(s.Agencies), Withheld: list(s.Withheld),
		Discussions: list(s.Discussions), Consents: list(s.Consents),
		Clocks: list(s.Clocks), Voice: []Heard{}, Items: make([]Item, 0, len(s.Items)),
	}
	for _, i := range s.Items {
		v.Items = append(v.Items, item(i))
	}
	slices.SortStableFunc(v.Items, func(a, b Item) int { return a.OccurredAt.Compare(b.OccurredAt) })
	for _, i := range slices.Backward(v.Items) {
		if i.Voice != nil {
			v.Voice = append(v.Voice, Heard{i.ID, i.Agency, i.OccurredAt, i.Voice.Words, i.Voice.HeardBy})
		}
	}
	slices.SortStableFunc(v.Clocks, func(a, b events.Clock) int { return strings.Compare(string(a.Due), string(b.Due)) })
	return v
}

func item(i events.ShownItem) Item {
	return Item{
		ID: i.ID, Agency: i.Agency, Kind: i.Kind, Type: i.Type(), Title: Title(i.Fact), Source: i.Source, EventID: i.EventID,
		OccurredAt: i.OccurredAt, RecordedAt: i.RecordedAt, HubRecordedAt: i.HubRecordedAt, Late: i.Late, Corrects: i.Corrects,
		Role: i.Person.Role, Person: i.Person, Fact: i.Fact, Detail: Detail(i.Fact),
		Voice: i.Voice, Informed: i.Informed, Contact: i.Contact,
		Basis: i.Basis, Label: i.Label, Caveats: list(i.Caveats), Grounds: list(i.Grounds),
	}
}

// about gathers names and dates of birth from the items in which the child is
// the child: elsewhere the child may be named in passing. It sorts pointers: an
// item is large.
func about(is []events.ShownItem) About {
	var as []*events.ShownItem
	for n := range is {
		if is[n].Person.Role == events.RoleChild {
			as = append(as, &is[n])
		}
	}
	slices.SortStableFunc(as, func(a, b *events.ShownItem) int { return b.HubRecordedAt.Compare(a.HubRecordedAt) })
	a := About{Names: []events.Name{}, DatesOfBirth: []events.Date{}}
	for _, i := range as {
		if n := i.Person.Name; n != (events.Name{}) && !slices.Contains(a.Names, n) {
			a.Names = append(a.Names, n)
		}
		if d := i.Person.DateOfBirth; d != "" && !slices.Contains(a.DatesOfBirth, d) {
			a.DatesOfBirth = append(a.DatesOfBirth, d)
		}
	}
	return a
}

// list is a copy that is never nil.
func list[T any](s []T) []T { return append([]T{}, s...) }

// Printed by itself, none of it says anything about anybody; see events/redact.go.

func (Arranged) Format(f fmt.State, _ rune) { hide(f) }
func (About) Format(f fmt.State, _ rune)    { hide(f) }
func (Item) Format(f fmt.State, _ rune)     { hide(f) }
func (Heard) Format(f fmt.State, _ rune)    { hide(f) }
func (Line) Format(f fmt.State, _ rune)     { hide(f) }

func (Arranged) LogValue() slog.Value { return slog.StringValue("withheld") }
func (About) LogValue() slog.Value    { return slog.StringValue("withheld") }
func (Item) LogValue() slog.Value     { return slog.StringValue("withheld") }
func (Heard) LogValue() slog.Value    { return slog.StringValue("withheld") }
func (Line) LogValue() slog.Value     { return slog.StringValue("withheld") }

func hide(w io.Writer) { _, _ = io.WriteString(w, "withheld") }
