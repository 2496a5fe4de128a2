package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/services/internal/keys"
	"kith/services/ledger/unusual"
)

// staffColumns are those of an agency's register of staff. A person may stand in
// several lines, one for each post, in order.
var staffColumns = []string{"actor", "agency", "area", "team", "from", "until", "postcode", "familyName", "children"}

// makeStaff is kith staff. What it reads is personal and is in nothing that it
// writes or says; delete it afterwards.
func makeStaff(ctx context.Context, c *call) error {
	data, conf := c.folder()
	out := c.flags.String("out", "", "the file for the marks; standard output if not given")
	files, err := c.mixed()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return c.wrong("name at least one register, a CSV file with the columns %s", strings.Join(staffColumns, ","))
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	if !there(p.keysDir()) {
		return fmt.Errorf("there are no keys in %s: start the hub once, then make marks with its keys", p.keysDir())
	}
	k, err := keys.Open(ctx, p.keysDir())
	if err != nil {
		return fmt.Errorf("open the hub's keys: %w", err)
	}
	defer k.Close()
	f := staffFile{Staff: map[events.ActorID]unusual.Staff{}}
	for _, name := range files {
		if err := readRegister(name, k.Pseudonym, f.Staff); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if *out == "" {
		_, err = fmt.Fprintf(c.out, "%s\n", b)
		return err
	}
	return writeNewFile(*out, append(b, '\n'))
}

func readRegister(name string, m marker, into map[events.ActorID]unusual.Staff) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = len(staffColumns)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return fmt.Errorf("%s, line %d: a line has the %d columns %s", name, line, len(staffColumns), strings.Join(staffColumns, ","))
		}
		if slices.Equal(row, staffColumns) {
			continue
		}
		if err := m.row(row, into); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, line, err)
		}
	}
}

// row adds one line of a register. Its errors name columns, never values.
func (m marker) row(row []string, into map[events.ActorID]unusual.Staff) error {
	actor := events.ActorID(row[0])
	if actor == "" || !knownID(events.AgencyID(row[1])) {
		return errors.New("actor and agency are needed, as the hub's configuration has them")
	}
	from, until := time.Time{}, time.Time{}
	for i, at := range []*time.Time{&from, &until} {
		if row[4+i] == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, row[4+i], london())
		if err != nil {
			return fmt.Errorf("%s must be a day, YYYY-MM-DD", staffColumns[4+i])
		}
		*at = day.AddDate(0, 0, i) // until the end of the last day
	}
	s := into[actor]
	s.Agency, s.Area, s.Home, s.Family = events.AgencyID(row[1]), row[2], m.home(row[6]), m.family(row[7])
	s.Posts = append(s.Posts, unusual.Post{Team: row[3], From: from, Until: until})
	s.Children = nil
	for child := range strings.SplitSeq(row[8], ";") {
		if child = strings.TrimSpace(child); child == "" {
			continue
		}
		marks := m.self(ownChild(child))
		if len(marks) == 0 {
			return errors.New("children must be NHS numbers, or each a date of birth, given name and family name with | between: 2015-04-09|Ada|Example; several with ; between")
		}
		s.Children = append(s.Children, marks...)
	}
	into[actor] = s
	return nil
}

func ownChild(text string) events.Person {
	var p events.Person
	if parts := strings.Split(text, "|"); len(parts) == 3 {
		p.DateOfBirth, p.Name = events.Date(parts[0]), events.Name{Given: parts[1], Family: parts[2]}
	} else {
		p.Identifiers.NHSNumber = &events.NHSNumber{Value: text}
	}
	return p
}
