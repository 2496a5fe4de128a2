package unusual_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"kith/events"
	"kith/services/ledger/unusual"
)

// A month of ordinary work, made up: some 170 people of 14 agencies in four areas,
// 1,500 children, shifts, Mondays, discussions, group supervision, people who
// cover for each other, move, leave, are away and come back, people on call at
// night, misspelt searches, cases that close and open again. Whatever could look
// strange happens as often as it might: nobody has told the patterns.

type person struct {
	id      events.ActorID
	agency  events.AgencyID
	kind    events.AgencyKind
	role    events.ReaderRole
	staff   unusual.Staff
	cases   []*kid
	former  []*kid // of the team they left
	from    int    // days on which they work
	until   int
	away    [2]int
	night   bool
	sleeper bool // an account that nobody uses in this month
}

type kid struct {
	id       events.ChildID
	school   events.AgencyID
	involved []events.AgencyID
	c        unusual.Child
	purpose  events.Purpose
	planted  bool
}

// session is one sitting of one person. An ordinary one has no pattern.
type session struct {
	p       *person
	at      time.Time
	id      int
	pattern string
}

type made struct {
	unusual.Look
	session int
	pattern string
}

type month struct {
	*rand.Rand
	start    time.Time
	place    *time.Location
	people   []*person
	kids     []*kid
	looks    []made
	sessions int
	ordinary map[int]bool
}

const (
	council  = events.AgencyID("council")
	police   = events.AgencyID("police")
	hospital = events.AgencyID("hospital")
)

func newMonth(seed uint64) *month {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	m := &month{Rand: rand.New(rand.NewPCG(seed, 2026)), place: london, start: time.Date(2026, 6, 1, 0, 0, 0, 0, london), ordinary: map[int]bool{}}
	m.hire()
	m.register()
	m.assign()
	for d := range 30 {
		m.day(d)
	}
	return m
}

func (m *month) percent(n float64) bool { return m.Float64()*100 < n }

func (m *month) on(day int, hour float64) time.Time {
	return m.start.AddDate(0, 0, day).Add(time.Duration(hour * float64(time.Hour)))
}

// few is a family name: some are common, most are rare.
func (m *month) few() unusual.Mark {
	return unusual.Mark(fmt.Sprintf("name-%d", int(1500*m.Float64()*m.Float64()*m.Float64())))
}

func (m *month) home() unusual.Mark { return unusual.Mark(fmt.Sprintf("home-%d", m.IntN(4000))) }

func (m *month) hire() {
	add := func(n int, a events.AgencyID, k events.AgencyKind, r events.ReaderRole, area, team string) {
		for range n {
			p := &person{id: events.ActorID(fmt.Sprintf("%s-%d", a, len(m.people))), agency: a, kind: k, role: r, until: 31, away: [2]int{-1, -1}}
			p.staff = unusual.Staff{Agency: a, Area: area, Home: m.home(), Family: m.few(), Seen: m.start.AddDate(0, 0, -1-m.IntN(12)),
				Posts: []unusual.Post{{Team: team, From: m.start.AddDate(-2, 0, 0)}}}
			if m.percent(30) {
				from := m.IntN(24)
				p.away = [2]int{from, from + 5 + m.IntN(10)}
			}
			if m.percent(40) {
				p.staff.Children = []unusual.Mark{unusual.Mark("child-of-" + p.id)}
			}
			m.people = append(m.people, p)
		}
	}
	for i := range 4 {
		area := fmt.Sprint("area-", i)
		for t := range 2 {
			add(8, council, events.KindSocialCare, events.RoleSocialWorker, area, fmt.Sprintf("team-%d-%d", i, t))
		}
		add(2, council, events.KindSocialCare, events.RoleChair, area, "chairs")
		add(7, police, events.KindPolice, events.RolePractitioner, area, "")
		add(7, hospital, events.KindHealth, events.RolePractitioner, area, "")
		for s := range 3 {
			add(2, events.AgencyID(fmt.Sprintf("school-%d-%d", i, s)), events.KindEducation, events.RoleDSL, area, "")
		}
	}
	add(6, council, events.KindSocialCare, events.RoleSocialWorker, "", "out-of-hours")
	for n, p := range m.people[len(m.people)-6:] {
		p.night = true
		for d := n % 3; d < 31; d += 3 {
			p.staff.OnCall = append(p.staff.OnCall, unusual.Span{From: m.on(d, 17), Until: m.on(d+1, 9)})
		}
	}
	add(2, council, events.KindSocialCare, events.RoleChair, "area-0", "chairs")
	m.people[len(m.people)-1].sleeper, m.people[len(m.people)-2].sleeper = true, true
	back := m.people[m.IntN(40)] // somebody comes back after long
	back.from, back.staff.Seen = 8, m.start.AddDate(0, 0, -40-m.IntN(60))
}

func (m *month) register() {
	for n := range 1500 {
		area := m.IntN(4)
		k := &kid{id: events.ChildID(fmt.Sprint("kid-", n)), school: events.AgencyID(fmt.Sprintf("school-%d-%d", area, m.IntN(3)))}
		k.c = unusual.Child{Area: fmt.Sprint("area-", area), Team: fmt.Sprintf("team-%d-%d", area, m.IntN(2)),
			Self: []unusual.Mark{unusual.Mark(k.id)}, Home: []unusual.Mark{m.home()}, Family: []unusual.Mark{m.few()}}
		if n%5 > 0 && m.percent(35) { // a sibling
			k.c.Home, k.c.Family = m.kids[n-1].c.Home, m.kids[n-1].c.Family
		}
		if m.percent(4) {
			k.c.Area = fmt.Sprint("area-", m.IntN(4)) // moved, and the team is the same
		}
		k.purpose = []events.Purpose{events.PurposeSection17, events.PurposeSection17, events.PurposeSection47, events.PurposeCarePlanning}[m.IntN(4)]
		k.involved = []events.AgencyID{council, k.school}
		for _, a := range []events.AgencyID{police, hospital} {
			if m.percent(45) {
				k.involved = append(k.involved, a)
			}
		}
		m.history(k)
		m.kids = append(m.kids, k)
	}
}

// history is what was and will be recorded in a case: an open one every other
// week by each agency, a closed one until it was closed.
func (m *month) history(k *kid) {
	until := m.start.AddDate(0, 0, 31)
	if m.percent(25) {
		k.c.Closed = m.start.AddDate(0, 0, -10-m.IntN(200))
		until = k.c.Closed
	}
	for _, a := range k.involved {
		for at := until.AddDate(0, 0, -m.IntN(10)); at.After(until.AddDate(0, 0, -120)); at = at.Add(-time.Duration((2+m.ExpFloat64()*9)*24) * time.Hour) {
			k.c.Work = append(k.c.Work, unusual.Work{At: at, Agency: a})
		}
	}
}

func (k *kid) open() bool { return k.c.Closed.IsZero() }

func (m *month) assign() {
	for _, p := range m.people {
		most := map[events.ReaderRole]int{events.RoleSocialWorker: 16, events.RoleChair: 25, events.RoleDSL: 14, events.RolePractitioner: 25}[p.role]
		for _, i := range m.Perm(len(m.kids)) {
			k := m.kids[i]
			theirs := k.c.Team == p.staff.Posts[0].Team || p.role != events.RoleSocialWorker && k.c.Area == p.staff.Area && slices.Contains(k.involved, p.agency)
			if theirs && k.open() && len(p.cases) < most {
				p.cases = append(p.cases, k)
			}
		}
	}
	for range 3 { // some move to another team, and hand over
		p, q := m.people[m.IntN(40)], m.people[m.IntN(40)]
		if p.role == events.RoleSocialWorker && q.role == p.role && p.staff.Posts[0].Team != q.staff.Posts[0].Team && len(p.staff.Posts) == 1 {
			move := m.on(5+m.IntN(15), 9)
			p.staff.Posts[0].Until = move
			p.staff.Posts = append(p.staff.Posts, unusual.Post{Team: q.staff.Posts[0].Team, From: move})
			p.former, p.cases = p.cases, q.cases
		}
	}
	for range 2 { // and some leave
		p := m.people[40+m.IntN(60)]
		p.until = 10 + m.IntN(15)
		p.staff.Posts[len(p.staff.Posts)-1].Until = m.on(p.until, 0)
	}
}

func (m *month) sit(p *person, at time.Time) *session {
	m.sessions++
	m.ordinary[m.sessions] = true
	return &session{p: p, at: at, id: m.sessions}
}

// did is one look of a session; some time goes by.
func (m *month) did(s *session, k *kid, change ...func(*events.ReadRecorded)) {
	r := events.ReadRecorded{Reader: s.p.id, Agency: s.p.agency, Kind: s.p.kind, Role: string(s.p.role), What: "view", Purpose: events.PurposeSection17}
	if k != nil {
		r.Child, r.Shown = k.id, []events.ItemID{"i"}
		if p := k.purpose; p != events.PurposeCarePlanning || s.p.role == events.RoleSocialWorker || s.p.role == events.RoleChair {
			r.Purpose = p
		}
	}
	for _, c := range change {
		c(&r)
	}
	m.looks = append(m.looks, made{Look: unusual.Look{At: s.at, ReadRecorded: r}, session: s.id, pattern: s.pattern})
	s.at = s.at.Add(time.Duration((20 + m.ExpFloat64()*150) * float64(time.Second)))
}

func search(by string) func(*events.ReadRecorded) {
	return func(r *events.ReadRecorded) { r.What, r.By = "search", by }
}
func purpose(p events.Purpose) func(*events.ReadRecorded) {
	return func(r *events.ReadRecorded) { r.Purpose = p }
}
func ties(t ...events.Tie) func(*events.ReadRecorded) {
	return func(r *events.ReadRecorded) { r.Ties = t }
}
func grant(id string) func(*events.ReadRecorded) {
	return func(r *events.ReadRecorded) { r.Grant = id }
}
func blank(r *events.ReadRecorded) { r.Shown = nil }
func back(at time.Time) func(*events.ReadRecorded) {
	return func(r *events.ReadRecorded) { r.AsKnownAt = &at }
}

// works is what somebody does with one child: find, look, perhaps again
// otherwise, and often record something.
func (m *month) works(s *session, k *kid, change ...func(*events.ReadRecorded)) {
	if m.percent(55) {
		by := "number"
		if m.percent(30) {
			by = "name"
		}
		for m.percent(12) {
			m.did(s, nil, search(by))
		}
		m.did(s, k, append(change, search(by))...)
	}
	if m.percent(4) {
		change = append(change, blank)
	}
	m.did(s, k, change...)
	if m.percent(4) {
		m.did(s, k, append(change, purpose(events.PurposeSection47))...)
	}
	for m.percent(4) {
		m.did(s, k, append(change, back(s.at.AddDate(0, 0, -1-m.IntN(60))))...)
	}
	if m.percent(50) {
		w := unusual.Work{At: s.at.Add(time.Duration(m.IntN(3)) * time.Hour), Agency: s.p.agency}
		if m.percent(40) {
			w.Actor = s.p.id
		}
		k.c.Work = append(k.c.Work, w)
	}
}

func (p *person) there(day int) bool {
	return !p.sleeper && day >= p.from && day < p.until && (day < p.away[0] || day > p.away[1])
}

func (m *month) day(d int) {
	weekday := m.on(d, 12).Weekday()
	m.nights(d)
	if weekday == time.Saturday || weekday == time.Sunday {
		return
	}
	busy := 1.0
	if weekday == time.Monday {
		busy = 1.7
	}
	for _, p := range m.people {
		if p.there(d) && !p.night && len(p.cases) > 0 {
			m.desk(p, d, busy)
		}
	}
	for range int(5 * busy) {
		m.concern(d)
	}
	for i := range 8 {
		if m.percent(22) {
			m.supervision(d, fmt.Sprintf("team-%d-%d", i/2, i%2))
		}
	}
	if m.percent(20) {
		m.audit(d)
	}
}

// desk is a day of one person.
func (m *month) desk(p *person, d int, busy float64) {
	rate := map[events.ReaderRole]float64{events.RoleSocialWorker: 1.6, events.RoleChair: 1.4, events.RoleDSL: 0.6, events.RolePractitioner: 0.9}[p.role]
	for m.Float64() < rate*busy/(1+rate*busy) {
		hour := 8.5 + m.Float64()*9
		if m.percent(3) {
			hour = 18 + m.Float64()*4
		}
		if m.percent(0.1) {
			hour = 22.5 + m.Float64()
		}
		s := m.sit(p, m.on(d, hour))
		from := p.cases
		switch {
		case len(p.former) > 0 && s.at.Before(p.staff.Posts[0].Until):
			from = p.former
		case len(p.former) > 0 && s.at.Before(p.staff.Posts[0].Until.AddDate(0, 0, 12)) && m.percent(25):
			from = p.former // hands over
		case m.percent(4): // covers for a colleague
			for _, i := range m.Perm(len(m.people)) {
				if q := m.people[i]; q.agency == p.agency && q.staff.Area == p.staff.Area && len(q.cases) > 0 {
					from = q.cases
					break
				}
			}
		}
		for range 1 + int(m.ExpFloat64()*1.5) {
			m.works(s, from[m.IntN(len(from))])
		}
		if m.percent(0.3) { // an old case, for a sibling's sake
			if k := m.kids[m.IntN(len(m.kids))]; k.c.Area == p.staff.Area && p.agency == council {
				m.did(s, k)
			}
		}
	}
}

// concern is a new one: work begins, a duty worker looks, and a discussion may meet.
func (m *month) concern(d int) {
	k := m.kids[m.IntN(len(m.kids))]
	if k.planted {
		return
	}
	at := m.on(d, 9+m.Float64()*5)
	k.c.Work = append(k.c.Work, unusual.Work{At: at, Agency: k.school}, unusual.Work{At: at.Add(time.Minute), Agency: council})
	met := 0
	for _, i := range m.Perm(len(m.people)) {
		p := m.people[i]
		if !p.there(d) || p.night || p.staff.Area != k.c.Area || !slices.Contains(k.involved, p.agency) {
			continue
		}
		s := m.sit(p, at.Add(time.Duration(10+m.IntN(90))*time.Minute))
		if met == 0 {
			m.works(s, k)
		} else {
			m.works(s, k, ties(events.TieInvited, events.TieAttending), purpose(events.PurposeSection47))
		}
		if met++; met > 5 || m.percent(12) {
			return
		}
	}
}

// supervision: a team looks at one of its children together.
func (m *month) supervision(d int, team string) {
	at, there := m.on(d, 10+m.Float64()*6), 0
	var k *kid
	most := 3
	if m.percent(25) {
		most = 4
	}
	if m.percent(3) {
		most = 6
	}
	for _, p := range m.people {
		if p.staff.Posts[0].Team != team || !p.there(d) || len(p.cases) == 0 || there >= most {
			continue
		}
		if k == nil {
			k = p.cases[m.IntN(len(p.cases))]
		}
		m.did(m.sit(p, at.Add(time.Duration(there)*time.Minute)), k)
		there++
	}
}

// audit: a chair goes through a sample of cases, for their quality.
func (m *month) audit(d int) {
	for _, i := range m.Perm(len(m.people)) {
		if p := m.people[i]; p.role == events.RoleChair && p.there(d) {
			s := m.sit(p, m.on(d, 9+m.Float64()*6))
			for range 6 + m.IntN(5) {
				k := m.kids[m.IntN(len(m.kids))]
				if k.c.Area == p.staff.Area {
					m.did(s, k, purpose(events.PurposeAudit))
				}
			}
			return
		}
	}
}

// nights are the out-of-hours team's: unknown children, of whom somebody is worried now.
func (m *month) nights(d int) {
	for _, p := range m.people {
		at := m.on(d, 17+m.Float64()*15)
		if !p.night || !slices.ContainsFunc(p.staff.OnCall, func(c unusual.Span) bool { return !at.Before(c.From) && at.Before(c.Until) }) {
			continue
		}
		s := m.sit(p, at)
		for range 1 + m.IntN(4) {
			k := m.kids[m.IntN(len(m.kids))]
			k.c.Work = append(k.c.Work, unusual.Work{At: s.at.Add(-time.Minute), Agency: council})
			if m.percent(5) {
				m.works(s, k, grant(fmt.Sprint("grant-", m.sessions)))
			} else {
				m.works(s, k)
			}
		}
	}
}

// finished numbers the looks by their time, and says what is known.
func (m *month) finished() ([]unusual.Look, unusual.Known) {
	slices.SortStableFunc(m.looks, func(a, b made) int { return a.At.Compare(b.At) })
	k := unusual.Known{Staff: map[events.ActorID]unusual.Staff{}, Children: map[events.ChildID]unusual.Child{}, Place: m.place}
	ls := make([]unusual.Look, len(m.looks))
	for i := range m.looks {
		m.looks[i].N = uint64(i + 1)
		ls[i] = m.looks[i].Look
	}
	for _, p := range m.people {
		k.Staff[p.id] = p.staff
	}
	for _, c := range m.kids {
		slices.SortFunc(c.c.Work, func(a, b unusual.Work) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Agency, b.Agency)) })
		k.Children[c.id] = c.c
	}
	return ls, k
}
