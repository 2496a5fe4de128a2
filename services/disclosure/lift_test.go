package disclosure

import (
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/events"
	"kith/services/fault"
)

// member is somebody who may try to lift a restriction: a person with one or two
// accounts, each with a role at an agency.
type member struct {
	person events.PersonID
	actor  events.ActorID
	agency events.AgencyID
	role   events.ReaderRole
}

func members() []member {
	return []member{
		{"ann", "ann", council, events.RoleChair},
		{"ann", "ann-2", council, events.RoleSocialWorker}, // a second account of hers
		{"ann", "ann-3", police, events.RolePractitioner},
		{"bob", "bob", council, events.RoleChair},
		{"cat", "cat", council, events.RoleSocialWorker},
		{"dan", "dan", police, events.RolePractitioner},
		{"eve", "eve", council, events.RoleGovernance},
		{"fay", "fay", police, events.RoleGovernance},
		{"gus", "gus", hospital, events.RoleGovernance}, // none of his agency may know of the child
		{"hal", "hal", school, events.RoleDSL},          // nobody lets him know of anything
	}
}

// attempt is one signature as it was made.
type attempt struct {
	who    member
	at     time.Time
	danger bool
	wished events.LiftProposed
}

// abuser tries at random to lift a restriction, and keeps its own account of what
// was so when.
type abuser struct {
	book    book
	clock   time.Time // as the hub's is set
	real    time.Time // of the latest that was recorded
	roles   map[events.ActorID]events.ReaderRole
	gone    map[events.ActorID]bool
	related map[events.PersonID]bool // to the child
	first   map[events.LiftID]attempt
	known   map[events.ActorID]bool
	n       int
}

func (a *abuser) signer(m member) signer {
	return signer{Signatory: events.Signatory{Actor: m.actor, Agency: m.agency, Role: a.roles[m.actor], Person: m.person},
		of: council, kin: kin{child: wren, subjects: []events.SubjectID{"s"}, marks: map[string]bool{"m": true}},
		stands: func(s events.Signatory) bool { return !a.gone[s.Actor] && a.roles[s.Actor] == s.Role }}
}

func (a *abuser) add(es []events.Restriction) {
	a.book = a.book.after(es)
	if a.real.Before(a.book.latest) {
		a.real = a.book.latest
	}
}

// allowed says in the words of the rule whether somebody may sign at all: one who
// may know of the child, by name or as governance of an agency that may or of the
// authority, and who is not related to the child.
func (a *abuser) allowed(m member) bool {
	governance := a.roles[m.actor] == events.RoleGovernance && (m.agency == council || m.agency == police)
	return !a.gone[m.actor] && !a.related[m.person] && (governance || a.known[m.actor])
}

// mayLift says the same of the second signature: another person than the first,
// of another agency or role; a day later or in danger to life, within two weeks;
// the first still what they were, unrelated and allowed.
func (a *abuser) mayLift(f attempt, m member) bool {
	now := a.clock
	if now.Before(a.real) {
		now = a.real
	}
	waited := now.Sub(f.at)
	return a.allowed(m) && a.allowed(f.who) && a.roles[f.who.actor] == f.who.role &&
		f.who.person != m.person && (f.who.agency != m.agency || f.who.role != a.roles[m.actor]) &&
		(f.danger || waited >= 24*time.Hour) && waited <= 14*24*time.Hour
}

const theRestriction events.RestrictionID = "r"

func newAbuser() *abuser {
	a := &abuser{clock: noon(), roles: map[events.ActorID]events.ReaderRole{}, gone: map[events.ActorID]bool{},
		related: map[events.PersonID]bool{}, first: map[events.LiftID]attempt{},
		known: map[events.ActorID]bool{"ann": true, "ann-2": true, "ann-3": true, "bob": true, "cat": true, "dan": true}}
	placed := events.RestrictionPlaced{Restriction: theRestriction, Child: wren, Subjects: []events.SubjectID{"s"}, Category: events.ForWitness}
	for _, m := range members() {
		a.roles[m.actor] = m.role
		if a.known[m.actor] {
			placed.Known = append(placed.Known, events.Account{Actor: m.actor, Agency: m.agency})
		}
	}
	es, _ := a.book.place(placed, a.clock)
	a.add(es)
	return a
}

// TestLiftIsNotAbused is a state machine: people propose and approve, again, by
// another account, too soon, too late and after they lost their role or became
// related; the clock is set forward and back. The restriction is lifted, or
// somebody let in, exactly where the words of the rule allow it.
func TestLiftIsNotAbused(t *testing.T) {
	rounds := 100
	if os.Getenv("KITH_SOAK") != "" {
		rounds = 2000
	}
	sequences, steps, lifted, admitted, refused, wrong := 0, 0, 0, 0, 0, 0
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			sequences++
			a := newAbuser()
			for range rapid.IntRange(5, 40).Draw(t, "steps") {
				steps++
				m := rapid.SampledFrom(members()).Draw(t, "who")
				switch rapid.IntRange(0, 10).Draw(t, "what") {
				case 10:
					a.clock = a.clock.Add(5 * 24 * time.Hour)
				case 0, 1:
					a.propose(t, m)
				case 2:
					a.clock = a.clock.Add(time.Duration(rapid.IntRange(-72, 72).Draw(t, "hours")) * time.Hour)
				case 3:
					a.upset(t, m)
				case 4:
					a.clock = a.clock.Add(25 * time.Hour)
				default:
					switch a.approve(t, m) {
					case "lifted":
						lifted++
					case "admitted":
						admitted++
					case "refused":
						refused++
					case "wrong":
						wrong++
						t.Fatalf("decided otherwise than the rule")
					}
				}
			}
		})
	}
	t.Logf("%d sequences of %d steps: %d lifted and %d let in as the rule allows, %d refused, %d wrong", sequences, steps, lifted, admitted, refused, wrong)
	if sequences < 10000 || lifted < 500 || admitted < 100 || refused < 5000 {
		t.Error("too little was tried")
	}
}

func (a *abuser) propose(t *rapid.T, m member) {
	a.n++
	e := events.LiftProposed{Lift: events.LiftID(rune('a' + a.n)), Restriction: theRestriction, DangerToLife: rapid.IntRange(0, 3).Draw(t, "danger") == 0}
	if rapid.IntRange(0, 4).Draw(t, "admit") == 0 {
		e.Admit = &events.Account{Actor: "hal", Agency: school}
	}
	s := a.signer(m)
	e.By = s.Signatory
	_, standing := a.book.restrictions[theRestriction]
	es, err := a.book.propose(s, e, a.clock)
	if a.gone[m.actor] { // who cannot sign in proposes nothing
		return
	}
	if want := standing && a.allowed(m); (err == nil) != want {
		t.Fatalf("%s proposes: %v, the rule says %v", m.actor, err, want)
	}
	if err == nil {
		a.add(es)
		m.role = a.roles[m.actor]
		a.first[e.Lift] = attempt{m, a.book.lifts[e.Lift].At, e.DangerToLife, e}
	}
}

func (a *abuser) approve(t *rapid.T, m member) string {
	ids := []events.LiftID{"unheard-of"}
	for id := range a.book.lifts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := rapid.SampledFrom(ids).Draw(t, "lift")
	if a.gone[m.actor] {
		return ""
	}
	_, standing := a.book.restrictions[theRestriction]
	before := a.book
	es, err := a.book.approve(a.signer(m), id, a.clock)
	f, proposed := a.first[id]
	switch want := proposed && standing && !before.lifts[id].done && a.mayLift(f, m); {
	case want != (err == nil && len(es) == 1):
		return "wrong"
	case !want:
		return "refused"
	}
	a.add(es)
	_, still := a.book.restrictions[theRestriction]
	if f.wished.Admit != nil {
		a.known["hal"] = true
		if !still || a.book.closed(events.Reader{Actor: "hal", Agency: school}, wren, nil, false) {
			return "wrong"
		}
		return "admitted"
	}
	if still {
		return "wrong"
	}
	return "lifted"
}

// upset makes somebody related to the child, or changes or ends their account.
func (a *abuser) upset(t *rapid.T, m member) {
	switch rapid.IntRange(0, 5).Draw(t, "upset") {
	case 0:
		e := events.ConflictDeclared{Conflict: events.ConflictID("k-" + m.person), Person: m.person, Agency: m.agency, Relation: events.RelationFamily}
		switch rapid.IntRange(0, 2).Draw(t, "by") {
		case 0:
			e.Child = wren
		case 1:
			e.Subjects = []events.SubjectID{"s"}
		default:
			e.Marks = []string{"m"}
		}
		es, _ := a.book.declare(e, a.clock)
		a.add(es)
		a.related[m.person] = true
	case 1:
		a.gone[m.actor] = true
	case 2:
		a.roles[m.actor] = rapid.SampledFrom([]events.ReaderRole{events.RoleSocialWorker, events.RoleChair, events.RoleGovernance}).Draw(t, "role")
	}
}

// A conflict is lifted by two as well, of whom neither is the member of staff.
func TestConflictIsLiftedByTwo(t *testing.T) {
	declared := events.ConflictDeclared{Conflict: "k", Person: "dan", Agency: police, Child: wren}
	var b book
	es, err := b.declare(declared, noon())
	if err != nil {
		t.Fatal(err)
	}
	b = b.after(es)
	by := func(person events.PersonID, agency events.AgencyID, role events.ReaderRole) signer {
		return signer{Signatory: events.Signatory{Actor: events.ActorID(person), Agency: agency, Role: role, Person: person}, of: council,
			stands: func(events.Signatory) bool { return true }}
	}
	wish := events.LiftProposed{Lift: "l", Conflict: "k", By: by("fay", police, events.RoleGovernance).Signatory}
	for name, s := range map[string]signer{
		"the member of staff":          by("dan", police, events.RoleGovernance),
		"governance of another agency": by("gus", hospital, events.RoleGovernance),
		"an officer":                   by("oz", police, events.RolePractitioner),
		"a chair of another authority": by("ida", "elsewhere", events.RoleChair),
	} {
		if _, err := b.propose(s, wish, noon()); err != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	es, err = b.propose(by("fay", police, events.RoleGovernance), wish, noon())
	if err != nil {
		t.Fatal(err)
	}
	b = b.after(es)
	if _, err := b.approve(by("eve", council, events.RoleGovernance), "l", noon().Add(23*time.Hour)); kind(err) != fault.Refused {
		t.Errorf("too soon: %v", err)
	}
	es, err = b.approve(by("eve", council, events.RoleGovernance), "l", noon().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if b = b.after(es); len(b.conflicts["dan"]) != 0 {
		t.Error("the conflict stands")
	}
	if es, err := b.declare(declared, noon().Add(48*time.Hour)); es != nil || err != nil {
		t.Errorf("the old request brings it back: %v %v", es, err)
	}
}
