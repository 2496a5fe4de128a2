// Package families holds the histories of eight invented families, as their
// agencies' own systems would hand them over: they fill a demonstration. No
// person in them exists; NHS numbers are of the range 999, which is never issued,
// and pupil numbers of an authority that does not exist.
package families

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"

	"kith/events"
)

//go:embed *.json
var files embed.FS

// Step is one record that an agency hands over, and through which door of its
// own service.
type Step struct {
	Agency events.AgencyID
	Door   string
	Record []byte // in the agency's native form
}

// history is one family's file.
type history struct {
	Family string `json:"family"`
	Shows  string `json:"shows"` // what the family is there to show
	Steps  []step `json:"steps"`
}

type step struct {
	Agency events.AgencyID `json:"agency"`
	Door   string          `json:"door"`
	Ago    string          `json:"ago"` // before the demonstration starts: P12D, PT6H or P1DT6H
	At     string          `json:"at"`  // the time of that day (UTC), 21:40; whole days only
	Record json.RawMessage `json:"record"`

	moment time.Time
}

// Load returns the records of all families in the order in which they were
// recorded, so dated that the histories end shortly before now. The same now
// gives the same records.
func Load(now time.Time) ([]Step, error) {
	paths, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var all []step
	for _, path := range paths {
		h, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		for i, s := range h.Steps {
			if s.moment, err = s.when(now.UTC()); err != nil {
				return nil, fmt.Errorf("%s, step %d: %w", path, i, err)
			}
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return a.moment.Compare(b.moment) })
	var out []Step
	for _, s := range all {
		out = append(out, Step{Agency: s.Agency, Door: s.Door, Record: s.dated(now.UTC())})
	}
	return out, nil
}

func read(path string) (history, error) {
	var h history
	data, err := fs.ReadFile(files, path)
	if err != nil {
		return h, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return h, d.Decode(&h)
}

var ago = regexp.MustCompile(`^P(?:(\d+)D)?(?:T(\d+)H)?$`)

// when is the moment at which the record was made.
func (s step) when(now time.Time) (time.Time, error) {
	m := ago.FindStringSubmatch(s.Ago)
	if m == nil || m[1] == "" && m[2] == "" {
		return time.Time{}, fmt.Errorf("ago: expected P12D, PT6H or P1DT6H")
	}
	t := now.AddDate(0, 0, -number(m[1])).Add(-time.Duration(number(m[2])) * time.Hour).Truncate(time.Minute)
	if s.At == "" {
		return t, nil
	}
	at, err := time.Parse("15:04", s.At)
	if err != nil || m[2] != "" || number(m[1]) == 0 {
		return time.Time{}, fmt.Errorf("at: expected 21:40, with whole days ago")
	}
	return time.Date(t.Year(), t.Month(), t.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC), nil
}

// number is a number of a few digits; none is 0.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// placeholder stands in a record for a time: "@time" is the moment at which the
// record was made, "@time-90m" and "@time-3h" are before it, "@date-28d" is a day
// before it, and "@start-150d" is a day before the demonstration starts.
var placeholder = regexp.MustCompile(`"@(time|date|start)(?:-(\d+)([mhd]))?"`)

// dated is the record with its times filled in.
func (s step) dated(now time.Time) []byte {
	return placeholder.ReplaceAllFunc(s.Record, func(p []byte) []byte {
		m := placeholder.FindSubmatch(p)
		t, layout := s.moment, time.DateOnly
		switch string(m[1]) {
		case "time":
			layout = time.RFC3339
		case "start":
			t = now
		}
		n := number(string(m[2]))
		switch string(m[3]) {
		case "m":
			t = t.Add(-time.Duration(n) * time.Minute)
		case "h":
			t = t.Add(-time.Duration(n) * time.Hour)
		case "d":
			t = t.AddDate(0, 0, -n)
		}
		return []byte(strconv.Quote(t.Format(layout)))
	})
}

// TestNHSNumber is the number n, from 0, of those in the range 999 that have a
// check digit: valid in form and never issued. The families use some below 900.
func TestNHSNumber(n int) string {
	for i := 999_000_000; ; i++ {
		for digit := range 10 {
			s := strconv.Itoa(i) + strconv.Itoa(digit)
			if !events.ValidNHSNumber(s) {
				continue
			}
			if n == 0 {
				return s
			}
			n--
		}
	}
}
