package identity

import (
	"context"
	"strings"

	"kith/events"
	"kith/services/identity/match"
)

// ChildOf is the child that a subject is part of, and false while it is part of
// none: it is unknown, not a child, or not decided on yet.
func (i *Identity) ChildOf(ctx context.Context, id events.SubjectID) (events.ChildID, bool, error) {
	s, _, err := i.file.subject(ctx, id)
	return s.child, s.child != "", err
}

// Member is a subject that is part of a child.
type Member struct {
	Subject events.SubjectID
	Agency  events.AgencyID
}

// Members are the subjects that are part of a child, in the order of their ids.
func (i *Identity) Members(ctx context.Context, c events.ChildID) ([]Member, error) {
	return rows(ctx, i.db.Read, func(scan func(...any) error) (m Member, err error) {
		return m, scan(&m.Subject, &m.Agency)
	}, `SELECT subject, agency FROM subject WHERE child = ? ORDER BY subject`, c)
}

// Find are the children whom a query names exactly: by NHS number, by unique
// pupil number, or by name and date of birth. Where it gives more than one of
// these, all of them must fit.
func (i *Identity) Find(ctx context.Context, q events.Query) ([]events.ChildID, error) {
	keys, err := keysOf(q, i.store.Pseudonym)
	if err != nil {
		return nil, err
	}
	query := `SELECT child FROM child WHERE TRUE`
	var args []any
	for _, k := range keys {
		query += ` AND child IN (SELECT s.child FROM key JOIN subject s USING (subject) WHERE kind = ? AND value = ?)`
		args = append(args, k.Kind, k.Value)
	}
	return rows(ctx, i.db.Read, func(scan func(...any) error) (c events.ChildID, err error) {
		return c, scan(&c)
	}, query+` ORDER BY since`, args...)
}

// keysOf are the keys that a query asks for.
func keysOf(q events.Query, blind match.Blind) ([]match.Key, error) {
	p := events.Person{Name: q.Name, DateOfBirth: q.DateOfBirth, Identifiers: events.Identifiers{UPN: q.UPN}}
	if q.NHSNumber != "" {
		p.Identifiers.NHSNumber = &events.NHSNumber{Value: q.NHSNumber, Status: events.NHSUnverified}
	}
	named := strings.TrimSpace(q.Name.Given+q.Name.Family) != ""
	var wanted []match.Key
	got := map[match.Kind]bool{}
	for _, k := range match.Keys(p, blind) {
		switch got[k.Kind] = true; k.Kind {
		case match.NHS, match.UPN, match.NameBirthDate:
			wanted = append(wanted, k)
		default: // a query's date of birth is of its name
		}
	}
	switch {
	case q.NHSNumber != "" && !got[match.NHS]:
		return nil, invalid("nhsNumber", "Give the ten digits of the NHS number; the last one checks the others.")
	case q.UPN != "" && !got[match.UPN]:
		return nil, invalid("upn", "Give the 13 characters of the unique pupil number; the first one checks the others.")
	case named && !got[match.NameBirthDate]:
		return nil, invalid("dateOfBirth", "Give given name, family name and date of birth together.")
	case len(wanted) == 0:
		return nil, invalid("nhsNumber", "Give an NHS number, a unique pupil number, or name and date of birth.")
	}
	return wanted, nil
}
