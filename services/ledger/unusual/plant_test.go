package unusual_test

import (
	"fmt"
	"slices"
	"time"

	"kith/events"
	"kith/services/ledger/unusual"
)

// Each plant does, once in a month, what its pattern is about, as strongly or as
// weakly as chance has it: some are too weak to be found, or just miss a limit.

func (m *month) planted() (names []string) {
	for _, p := range unusual.Patterns() {
		if m.plants()[p.Name] == nil {
			panic(p.Name + " is never planted")
		}
		m.plants()[p.Name](p.Name)
		names = append(names, p.Name)
	}
	return names
}

// somebody who is there on a day, in one of some roles.
func (m *month) somebody(day int, roles ...events.ReaderRole) *person {
	for {
		p := m.people[m.IntN(len(m.people))]
		if p.there(day) && !p.night && len(p.former) == 0 && p.until > 30 && (len(roles) == 0 || slices.Contains(roles, p.role)) {
			return p
		}
	}
}

// somebodyElses is a child that nobody planted yet and that is no case of the reader's.
func (m *month) somebodyElses(p *person, fits func(*kid) bool) *kid {
	for range 100_000 {
		k := m.kids[m.IntN(len(m.kids))]
		if !k.planted && !slices.Contains(p.cases, k) && (fits == nil || fits(k)) {
			k.planted = true
			return k
		}
	}
	panic("there is no such child")
}

func (m *month) workday() int {
	for {
		if d := 5 + m.IntN(22); m.on(d, 12).Weekday() != time.Saturday && m.on(d, 12).Weekday() != time.Sunday {
			return d
		}
	}
}

func (m *month) plant(name string, p *person, at time.Time) *session {
	s := m.sit(p, at)
	s.pattern = name
	delete(m.ordinary, s.id)
	return s
}

// quiet leaves a child without work of an agency around a time; no agency is all.
func (m *month) quiet(k *kid, a events.AgencyID, from, until time.Time) {
	k.c.Work = slices.DeleteFunc(slices.Clone(k.c.Work), func(w unusual.Work) bool {
		return (a == "" || w.Agency == a) && w.At.After(from) && w.At.Before(until)
	})
}

func (m *month) plants() map[string]func(string) {
	once := func(prepare func(p *person, k *kid, at time.Time)) func(string) {
		return func(name string) {
			d := m.workday()
			p := m.somebody(d)
			k := m.somebodyElses(p, nil)
			at := m.on(d, 9+m.Float64()*8)
			prepare(p, k, at)
			m.did(m.plant(name, p, at), k)
		}
	}
	return map[string]func(string){
		"own-child": once(func(p *person, k *kid, _ time.Time) {
			p.staff.Children = append(p.staff.Children, k.c.Self[0])
		}),
		"colleagues-child": once(func(p *person, k *kid, _ time.Time) {
			for _, i := range m.Perm(len(m.people)) {
				if q := m.people[i]; q != p && q.agency == p.agency {
					q.staff.Children = append(q.staff.Children, k.c.Self[0])
					return
				}
			}
		}),
		"neighbour": once(func(p *person, k *kid, _ time.Time) {
			if p.staff.Home = k.c.Home[0]; m.percent(2) {
				k.c.Home = nil // the address is protected
			}
		}),
		"same-surname": once(func(p *person, k *kid, at time.Time) {
			name := unusual.Mark("rare-" + p.id)
			p.staff.Family, k.c.Family = name, []unusual.Mark{name}
			for range m.IntN(5) {
				m.somebodyElses(p, nil).c.Family = []unusual.Mark{name}
			}
			m.quiet(k, p.agency, at.AddDate(0, 0, -31), at.AddDate(0, 0, 8))
		}),
		"in-the-news": once(func(p *person, k *kid, at time.Time) {
			k.c.News = []time.Time{at.Add(-time.Duration(m.IntN(24*14+6)) * time.Hour)}
			m.quiet(k, p.agency, at.AddDate(0, 0, -80), at.AddDate(0, 0, 1))
		}),
		"bulk-walk":        func(n string) { m.many(n, 14+m.IntN(50), time.Minute) },
		"misses":           func(n string) { m.inVain(n) },
		"by-name-only":     func(n string) { m.byNames(n) },
		"at-night":         func(n string) { m.late(n) },
		"after-leaving":    func(n string) { m.left(n) },
		"former-team":      func(n string) { m.moved(n) },
		"closed-case":      func(n string) { m.longClosed(n) },
		"no-work":          func(n string) { m.days(n, 2+m.IntN(3), "", 75) },
		"again-and-again":  func(n string) { m.days(n, 5+m.IntN(4), "own", 30) },
		"purpose-shopping": func(n string) { m.shops(n) },
		"peers":            func(n string) { m.gossip(n) },
		"other-area":       func(n string) { m.elsewhere(n) },
		"dormant":          func(n string) { m.wakes(n) },
		"far-from-role":    func(n string) { m.strays(n) },
		"break-glass":      func(n string) { m.breaks(n) },
		"looking-back":     func(n string) { m.steps(n) },
		"after-complaint": once(func(p *person, k *kid, at time.Time) {
			k.c.Complaints = []unusual.Complaint{{Actor: p.id, Told: at.Add(-time.Duration(m.IntN(24*61)) * time.Hour)}}
		}),
		"nothing-shown": func(n string) { m.unseen(n) },
	}
}

func (m *month) many(name string, n int, pause time.Duration) {
	d := m.workday()
	s := m.plant(name, m.somebody(d), m.on(d, 9+m.Float64()*7))
	for range n {
		at := s.at
		m.did(s, m.kids[m.IntN(len(m.kids))])
		s.at = at.Add(time.Duration((0.2 + m.Float64()) * float64(pause)))
	}
}

func (m *month) inVain(name string) {
	d := m.workday()
	s := m.plant(name, m.somebody(d), m.on(d, 9+m.Float64()*7))
	for range 8 + m.IntN(20) {
		at := s.at
		m.did(s, nil, search([]string{"name", "number"}[m.IntN(2)]))
		s.at = at.Add(time.Duration(10+m.IntN(150)) * time.Second)
	}
}

func (m *month) byNames(name string) {
	d := m.workday()
	s := m.plant(name, m.somebody(d), m.on(d, 9+m.Float64()*6))
	for range 10 + m.IntN(20) {
		k := m.kids[m.IntN(len(m.kids))]
		m.did(s, k, search("name"))
		if m.percent(50) {
			m.did(s, k)
		}
	}
}

func (m *month) late(name string) {
	d := m.workday()
	p := m.somebody(d)
	s := m.plant(name, p, m.on(d, 22.9+m.Float64()*6))
	for range 1 + m.IntN(3) {
		m.did(s, m.somebodyElses(p, nil))
	}
}

func (m *month) left(name string) {
	d := m.workday()
	p := m.somebody(d)
	p.staff.Posts[len(p.staff.Posts)-1].Until = m.on(d, 18)
	p.until = d
	m.looks = slices.DeleteFunc(m.looks, func(l made) bool { return l.Reader == p.id && l.At.After(m.on(d, 18)) && l.pattern == "" })
	m.did(m.plant(name, p, m.on(d+1+m.IntN(4), 9+m.Float64()*9)), m.kids[m.IntN(len(m.kids))])
}

func (m *month) moved(name string) {
	d := m.workday()
	p := m.somebody(d, events.RoleSocialWorker)
	at := m.on(d, 9+m.Float64()*8)
	k := m.somebodyElses(p, func(k *kid) bool { return k.c.Team != p.staff.Posts[0].Team })
	p.staff.Posts = append([]unusual.Post{{Team: k.c.Team, From: m.start.AddDate(-3, 0, 0), Until: at.AddDate(0, 0, -14-m.IntN(200))}}, p.staff.Posts...)
	m.did(m.plant(name, p, at), k)
}

func (m *month) longClosed(name string) {
	d := m.workday()
	p := m.somebody(d)
	at := m.on(d, 9+m.Float64()*8)
	k := m.somebodyElses(p, func(k *kid) bool { return !k.open() && k.c.Closed.Before(at.AddDate(0, 0, -14)) })
	m.quiet(k, "", k.c.Closed, at.AddDate(0, 0, 30))
	m.did(m.plant(name, p, at), k)
}

// days: on several days somebody looks at one child about whom an agency, or
// nobody, does anything.
func (m *month) days(name string, n int, whose string, quiet int) {
	d := 1 + m.IntN(8)
	p := m.somebody(d, events.RoleSocialWorker, events.RolePractitioner)
	k := m.somebodyElses(p, nil)
	at := m.on(d, 9+m.Float64()*8)
	if whose == "own" {
		m.quiet(k, p.agency, at.AddDate(0, 0, -quiet), at.AddDate(0, 0, 40))
	} else {
		m.quiet(k, "", at.AddDate(0, 0, -quiet), at.AddDate(0, 0, 40))
	}
	for range n {
		m.did(m.plant(name, p, at), k)
		at = at.Add(time.Duration(20+m.IntN(30)) * time.Hour)
	}
}

func (m *month) shops(name string) {
	d := m.workday()
	p := m.somebody(d)
	k := m.somebodyElses(p, nil)
	s := m.plant(name, p, m.on(d, 9+m.Float64()*8))
	for _, i := range m.Perm(4)[:3+m.IntN(2)] {
		at := s.at
		m.did(s, k, purpose([]events.Purpose{events.PurposeSection17, events.PurposeSection47, events.PurposeEarlyHelp, events.PurposeCarePlanning}[i]))
		s.at = at.Add(time.Duration(20+m.IntN(330)) * time.Second)
	}
}

func (m *month) gossip(name string) {
	d := m.workday()
	first := m.somebody(d, events.RoleSocialWorker, events.RolePractitioner)
	k := m.somebodyElses(first, nil)
	n := 4 + m.IntN(6)
	for _, i := range m.Perm(len(m.people)) {
		if p := m.people[i]; n > 0 && p.agency == first.agency && p.there(d) && !p.night && !slices.Contains(p.cases, k) {
			m.did(m.plant(name, p, m.on(d, 9+m.Float64()*12)), k)
			n--
		}
	}
}

func (m *month) elsewhere(name string) {
	d := m.workday()
	p := m.somebody(d)
	at := m.on(d, 9+m.Float64()*8)
	for range 3 + m.IntN(4) {
		k := m.somebodyElses(p, func(k *kid) bool { return k.c.Area != p.staff.Area })
		m.quiet(k, p.agency, at.AddDate(0, 0, -45), at.AddDate(0, 0, 20))
		m.did(m.plant(name, p, at), k)
		at = at.Add(time.Duration(1+m.IntN(48)) * time.Hour)
	}
}

func (m *month) wakes(name string) {
	for _, p := range m.people {
		if p.sleeper {
			at := m.on(m.workday(), 9+m.Float64()*8)
			p.staff.Seen = at.AddDate(0, 0, -58-m.IntN(200))
			s := m.plant(name, p, at)
			for range 1 + m.IntN(5) {
				m.did(s, m.kids[m.IntN(len(m.kids))])
			}
			return
		}
	}
}

func (m *month) strays(name string) {
	d := m.workday()
	p := m.somebody(d, events.RoleDSL, events.RolePractitioner)
	m.did(m.plant(name, p, m.on(d, 9+m.Float64()*8)), m.somebodyElses(p, nil),
		purpose([]events.Purpose{events.PurposeCarePlanning, events.PurposeSubjectAccess, events.PurposeAudit}[m.IntN(3)]))
}

func (m *month) breaks(name string) {
	d := m.workday()
	p := m.somebody(d, events.RoleSocialWorker)
	at := m.on(d, 9+m.Float64()*8)
	for n := range 3 + m.IntN(3) {
		m.did(m.plant(name, p, at), m.somebodyElses(p, nil), grant(fmt.Sprint("planted-", n)))
		at = at.Add(time.Duration(1+m.IntN(70)) * time.Hour)
	}
}

func (m *month) steps(name string) {
	d := m.workday()
	p := m.somebody(d)
	k := m.somebodyElses(p, nil)
	s := m.plant(name, p, m.on(d, 9+m.Float64()*8))
	for n := range 4 + m.IntN(9) {
		m.did(s, k, back(s.at.AddDate(0, 0, -n-1)))
	}
}

func (m *month) unseen(name string) {
	d := m.workday()
	p := m.somebody(d, events.RolePractitioner, events.RoleDSL)
	s := m.plant(name, p, m.on(d, 9+m.Float64()*8))
	for range 5 + m.IntN(9) {
		m.did(s, m.somebodyElses(p, nil), blank)
	}
}
