package families

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/education"
	"kith/services/fault"
	"kith/services/health"
	"kith/services/internal/native/nativetest"
	"kith/services/police"
	"kith/services/socialcare"
)

type translator = func([]byte) ([]events.Notice, error)

// doors are those of each agency of the demonstration.
func doors() map[events.AgencyID]map[string]translator {
	return map[events.AgencyID]map[string]translator{
		"northshire-police":   police.Doors(),
		"northshire-hospital": health.Doors(),
		"oakfield-school":     education.Doors(),
		"elmtree-school":      education.Doors(),
		"northshire-council":  socialcare.Doors(),
	}
}

// translated is what the steps become at the start of a demonstration.
type translated struct {
	agency events.AgencyID
	events.Notice
}

func translate(t *testing.T, steps []Step) []translated {
	t.Helper()
	var out []translated
	for _, s := range steps {
		door := doors()[s.Agency][s.Door]
		if door == nil {
			t.Fatalf("%s has no door %s", s.Agency, s.Door)
		}
		ns, err := door(s.Record)
		if err != nil {
			e, _ := errors.AsType[*fault.Error](err)
			t.Errorf("%s%s: %v %v\n%s", s.Agency, s.Door, err, e.At, s.Record)
		}
		for _, n := range ns {
			out = append(out, translated{s.Agency, n})
		}
	}
	return out
}

// starts are moments at which somebody may start a demonstration.
func starts() []time.Time {
	return []time.Time{
		time.Date(2026, 11, 23, 9, 30, 12, 0, time.UTC),
		time.Date(2026, 3, 29, 0, 0, 30, 0, time.UTC),
		time.Date(2028, 2, 29, 23, 59, 59, 0, time.FixedZone("", 3600)),
	}
}

func TestHistoriesEndShortlyBeforeTheStart(t *testing.T) {
	for _, now := range starts() {
		steps, err := Load(now)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Time
		for _, n := range translate(t, steps) {
			r := n.Report
			if r.RecordedAt.Before(last) {
				t.Errorf("%s %s was recorded before the step that it follows", n.agency, n.ID)
			}
			if last = r.RecordedAt; last.After(now) || r.OccurredAt.After(r.RecordedAt) {
				t.Errorf("%s %s occurred %v, recorded %v, started %v", n.agency, n.ID, r.OccurredAt, last, now)
			}
		}
		if now.Sub(last) > 24*time.Hour {
			t.Errorf("the last record is of %v, the start is %v", last, now)
		}
	}
}

func TestSameStartGivesTheSameRecords(t *testing.T) {
	now := starts()[0]
	a, err := Load(now)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Load(now)
	if !slices.EqualFunc(a, b, func(a, b Step) bool { return a.Door == b.Door && bytes.Equal(a.Record, b.Record) }) {
		t.Error("the second time they differ")
	}
	for _, s := range a {
		if bytes.Contains(s.Record, []byte(`"@`)) {
			t.Errorf("a placeholder is left:\n%s", s.Record)
		}
	}
}

func TestEachFamilyHasItsAgencies(t *testing.T) {
	paths, err := fs.Glob(files, "*.json")
	if err != nil || len(paths) != 8 {
		t.Fatalf("%d families: %v", len(paths), err)
	}
	for _, path := range paths {
		h, err := read(path)
		if err != nil {
			t.Fatal(path, err)
		}
		kinds := map[string]bool{}
		for _, s := range h.Steps {
			_, kind, _ := strings.Cut(string(s.Agency), "-")
			kinds[kind] = true
		}
		if len(h.Steps) < 5 || len(h.Steps) > 12 || len(kinds) < 4 || h.Family == "" || h.Shows == "" {
			t.Errorf("%s: %d steps of %v", path, len(h.Steps), slices.Sorted(maps.Keys(kinds)))
		}
	}
}

// Numbers that could be somebody's would make an invented history a real one.
func TestNumbersAreValidAndNobodys(t *testing.T) {
	steps, err := Load(starts()[0])
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{} // number to given name
	check := func(id, number, given string, valid bool) {
		if !valid {
			t.Errorf("%s has a number that is wrong or could be somebody's", id)
		}
		if before := seen[number]; before != "" && given != "" && before != given {
			t.Errorf("%s has the number of another child", id)
		}
		seen[number] = max(seen[number], given)
	}
	for _, n := range translate(t, steps) {
		for _, p := range n.Report.About {
			if nhs := p.Identifiers.NHSNumber; nhs != nil {
				check(n.ID, nhs.Value, p.Name.Given, events.ValidNHSNumber(nhs.Value) && strings.HasPrefix(nhs.Value, "999") && nhs.Value < TestNHSNumber(900))
			}
			if upn := p.Identifiers.UPN; upn != "" {
				check(n.ID, upn, p.Name.Given, events.ValidUPN(upn) && upn[1:4] == "999")
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d numbers", len(seen))
	}
}

func TestIDsAreDistinct(t *testing.T) {
	steps, err := Load(starts()[0])
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, n := range translate(t, steps) {
		if key := string(n.agency) + " " + n.ID; seen[key] {
			t.Errorf("twice: %s", key)
		} else {
			seen[key] = true
		}
	}
}

func TestNoticesFitTheContract(t *testing.T) {
	steps, err := Load(starts()[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range translate(t, steps) {
		nativetest.Fits(t, n.Notice)
	}
}

func TestTestNHSNumber(t *testing.T) {
	seen := map[string]bool{}
	for n := range 1000 {
		s := TestNHSNumber(n)
		if !events.ValidNHSNumber(s) || seen[s] {
			t.Errorf("number %d: %s", n, s)
		}
		seen[s] = true
	}
}
