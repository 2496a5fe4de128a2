package disclosure

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
	"kith/services/fault"
)

const (
	police   = events.AgencyID("northshire-police")
	hospital = events.AgencyID("northshire-hospital")
	school   = events.AgencyID("oakfield-school")
	council  = events.AgencyID("northshire-council")
	elmtree  = events.AgencyID("elmtree-school")
	wren     = events.ChildID("wren")
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func agencies() []events.Agency {
	of := func(id events.AgencyID, k events.AgencyKind, team string) events.Agency {
		return events.Agency{ID: id, Kind: k, Name: "The " + string(id), Contact: events.Contact{Team: team}}
	}
	return []events.Agency{of(police, events.KindPolice, "Public protection"), of(hospital, events.KindHealth, ""),
		of(school, events.KindEducation, "Safeguarding office"), of(council, events.KindSocialCare, "Front door"), of(elmtree, events.KindEducation, "Office")}
}

func reader(name string) events.Reader {
	for _, r := range readers() {
		if string(r.Actor) == name {
			return r
		}
	}
	panic(name)
}

func readers() []events.Reader {
	return []events.Reader{
		{Actor: "dsl", Agency: school, Kind: events.KindEducation, Role: events.RoleDSL},
		{Actor: "otherdsl", Agency: elmtree, Kind: events.KindEducation, Role: events.RoleDSL},
		{Actor: "police", Agency: police, Kind: events.KindPolice, Role: events.RolePractitioner},
		{Actor: "health", Agency: hospital, Kind: events.KindHealth, Role: events.RolePractitioner},
		{Actor: "socialworker", Agency: council, Kind: events.KindSocialCare, Role: events.RoleSocialWorker},
		{Actor: "chair", Agency: council, Kind: events.KindSocialCare, Role: events.RoleChair},
		{Actor: "governance", Agency: council, Kind: events.KindSocialCare, Role: events.RoleGovernance},
		{Actor: "stranger", Agency: "nowhere", Kind: events.KindSocialCare, Role: events.RoleChair},
	}
}

func purposes() []events.Purpose {
	return []events.Purpose{events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp,
		events.PurposeCarePlanning, events.PurposeAudit, events.PurposeSubjectAccess}
}

// world is what the gate's sources hold; it counts how often they are asked.
type world struct {
	pictures map[events.ChildID]events.Picture
	past     map[events.ChildID]events.Picture
	found    []events.ChildID
	concerns []events.ConcernStatus
	broken   bool // the ledger

	calls  map[string]int
	ledger []events.ReadRecorded
}

// checked reads the policies once for all tests.
var checked = sync.OnceValues(policy.Default)

func (w *world) gate(t testing.TB) *Gate {
	t.Helper()
	set, err := checked()
	if err != nil {
		t.Fatal(err)
	}
	w.calls = map[string]int{}
	return newGate(set, Config{Agencies: agencies(), Authority: council, Now: noon, Record: w.record,
		Sources: Sources{Picture: w.picture, Find: w.find, Concern: w.concern, Concerns: w.listed}})
}

func (w *world) picture(_ context.Context, c events.ChildID, at *time.Time) (events.Picture, error) {
	w.calls["picture"]++
	p, ok := w.pictures[c]
	if !ok {
		return events.Picture{}, fault.NotFound
	}
	if at != nil {
		p = w.past[c]
		p.Child, p.AsKnownAt = c, at
	}
	return p, nil
}

func (w *world) find(context.Context, events.Query) ([]events.ChildID, error) {
	w.calls["find"]++
	return w.found, nil
}

func (w *world) concern(_ context.Context, ref string) (events.ConcernStatus, error) {
	w.calls["concern"]++
	i := slices.IndexFunc(w.concerns, func(c events.ConcernStatus) bool { return c.Reference == ref })
	if i < 0 {
		return events.ConcernStatus{}, fault.NotFound
	}
	return w.concerns[i], nil
}

func (w *world) listed(_ context.Context, by events.AgencyID) (cs []events.ConcernStatus, _ error) {
	w.calls["concerns"]++
	for _, c := range w.concerns {
		if by == "" || c.Agency == by {
			cs = append(cs, c)
		}
	}
	return cs, nil
}

func (w *world) record(_ context.Context, r events.ReadRecorded) error {
	w.calls["record"]++
	if w.broken {
		return fmt.Errorf("disk full")
	}
	w.ledger = append(w.ledger, r)
	return nil
}

// item is a core item of an agency on public task; change makes it another.
func item(id string, a events.AgencyID, fact events.Fact, change ...func(*events.Item)) events.Held {
	i := events.Item{ID: events.ItemID(id), Agency: a, Subject: events.SubjectID("s-" + a), Fact: fact,
		Person: events.Person{LocalID: "local-" + id, Role: events.RoleChild, Name: events.Name{Given: "given-" + id, Family: "T"}, DateOfBirth: "2014-09-12"},
		Shared: events.Shared{OccurredAt: noon().AddDate(0, 0, -30), RecordedAt: noon().AddDate(0, 0, -29), Label: events.Core,
			Basis: events.Basis{Article6: events.PublicTask}, Contact: events.Contact{Team: "team-" + id}, Voice: &events.Voice{Words: "words-" + id}}}
	for _, ag := range agencies() {
		if ag.ID == a {
			i.Kind = ag.Kind
		}
	}
	for _, c := range change {
		c(&i)
	}
	return events.Held{Item: i, HubRecordedAt: i.RecordedAt.Add(time.Hour)}
}

func label(l events.Label) func(*events.Item) { return func(i *events.Item) { i.Label = l } }
func caveat(c events.Caveat) func(*events.Item) {
	return func(i *events.Item) { i.Caveats = append(i.Caveats, c) }
}
func day(n int) func(*events.Item) {
	return func(i *events.Item) {
		i.OccurredAt = noon().AddDate(0, 0, n)
		i.RecordedAt = i.OccurredAt
	}
}
func onConsent(i *events.Item) {
	i.Basis = events.Basis{Article6: events.ByConsent, Scope: events.EarlyHelp}
}
func living(l events.Label) func(*events.Item) {
	return func(i *events.Item) {
		i.Person.Address = &events.Address{Lines: []string{"refuge-" + string(i.ID)}, Label: l}
	}
}

// pictured puts items together as childview does.
func pictured(is ...events.Held) events.Picture {
	p := events.Picture{Child: wren, Items: is}
	slices.SortStableFunc(p.Items, func(a, b events.Held) int { return a.OccurredAt.Compare(b.OccurredAt) })
	for _, i := range p.Items {
		if !slices.Contains(p.Agencies, i.Agency) {
			p.Agencies, p.Subjects = append(p.Agencies, i.Agency), append(p.Subjects, i.Subject)
		}
	}
	return p
}

func discussion(open bool, attendees ...string) events.Discussion {
	d := events.Discussion{ID: "d1", Child: wren, Chair: "chair", Agency: council, Open: open, Reason: "reason-d1", Invited: []events.AgencyID{police, school}}
	for _, a := range attendees {
		d.Attendees = append(d.Attendees, events.DiscussionAttended{Discussion: "d1", Actor: events.ActorID(a), Agency: reader(a).Agency})
	}
	return d
}

func family() events.Picture {
	return pictured(
		item("e1", school, events.Concern{Reference: "C1", Observed: "o"}, day(-3)),
		item("e2", school, events.AttendanceFall{}, onConsent, day(-20)),
		item("p1", police, events.DomesticAbuseIncident{Circumstances: "c"}, living(events.Restricted), day(-10)),
		item("p2", police, events.DomesticAbuseIncident{}, caveat(events.PoliceIntelligence), day(-1)),
		item("h1", hospital, events.EmergencyAttendance{}, day(-9)),
		item("h2", hospital, events.PractitionerConcern{}, label(events.Sensitive), day(-8)),
		item("s1", council, events.InvolvementChanged{}, label(events.Involvement), day(-5)),
		item("s2", council, events.ContactReceived{}, day(-4)),
	)
}

func here(p events.Picture) *world {
	return &world{pictures: map[events.ChildID]events.Picture{wren: p}, found: []events.ChildID{wren}}
}

func ids(v events.Shown) (out []events.ItemID) {
	for _, i := range v.Items {
		out = append(out, i.ID)
	}
	slices.Sort(out)
	return out
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
