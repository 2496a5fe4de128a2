package education

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kith/events"
	"kith/services/internal/native/nativetest"
)

// An export says the same with its columns in any order, among others, with or
// without the mark of UTF-8, and with either end of line; and again with more rows.
func TestSameRowSameNoticeInAnyExport(t *testing.T) {
	for sample, translate := range map[string]func([]byte) ([]events.Notice, error){
		"incidents-cpoms.csv": Mapping{}.Incidents, "incidents-myconcern.csv": Mapping{}.Incidents,
		"registers.csv": Mapping{}.Registers, "registers-sessions.csv": Mapping{}.Registers, "suspensions.csv": Mapping{}.Suspensions,
	} {
		raw := nativetest.File(t, "testdata/"+sample)
		want := ids(t, translate, raw)
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
		rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(50) {
			r := rand.New(rand.NewPCG(seed, 1))
			if got := ids(t, translate, shuffled(t, r, rows)); !slices.Equal(got, want) {
				t.Fatalf("%s, seed %d: ids %v, want %v", sample, seed, got, want)
			}
		}
		twice := append(slices.Clone(raw), bytes.SplitAfterN(raw, []byte("\n"), 2)[1]...)
		if got := ids(t, translate, twice); !slices.Equal(got, want) {
			t.Errorf("%s: with its rows twice ids %v, want %v", sample, got, want)
		}
	}
}

// shuffled is the same table with its columns in another order, one more that
// nobody knows, and one of the ends of line.
func shuffled(t *testing.T, r *rand.Rand, rows [][]string) []byte {
	t.Helper()
	order := r.Perm(len(rows[0]) + 1)
	var b bytes.Buffer
	if r.IntN(2) == 0 {
		b.WriteString("\ufeff")
	}
	w := csv.NewWriter(&b)
	w.UseCRLF = r.IntN(2) == 0
	for i, row := range rows {
		more := "Tutor group"
		if i > 0 {
			more = strings.Repeat("10B", min(1, len(strings.Join(row, "")))) // an empty row stays empty
		}
		row = append(slices.Clone(row), more)
		var out []string
		for _, from := range order {
			out = append(out, row[from])
		}
		if err := w.Write(out); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.Bytes()
}

func ids(t *testing.T, translate func([]byte) ([]events.Notice, error), raw []byte) (out []string) {
	t.Helper()
	ns, err := translate(raw)
	if err != nil {
		t.Fatal(err, nativetest.Places(err))
	}
	for _, n := range ns {
		out = append(out, n.ID)
	}
	return out
}

// A row that was changed is another notice, of the same reference.
func TestChangedRowHasAnotherID(t *testing.T) {
	raw := nativetest.File(t, "testdata/incidents-cpoms.csv")
	old := ids(t, Mapping{}.Incidents, raw)
	changed := ids(t, Mapping{}.Incidents, bytes.Replace(raw, []byte("Coat lent"), []byte("Coat given"), 1))
	if old[0] == changed[0] || !strings.HasPrefix(changed[0], "safeguarding-record:20311:") || old[1] != changed[1] {
		t.Errorf("before %v, after %v", old, changed)
	}
}

// Who wrote an entry, and columns that nobody asked for, go no further.
func TestExportLeavesOutTheStaff(t *testing.T) {
	ns, err := Mapping{}.Incidents(nativetest.File(t, "testdata/incidents-cpoms.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range ns {
		if data, err := events.EncodeReport(n.Report); err != nil || strings.Contains(string(data), "Member of Staff") {
			t.Errorf("%s names the staff (%v)", n.ID, err)
		}
	}
}

// Marks mean what the regulations of 2024 and the guidance say.
func TestMarks(t *testing.T) {
	for marks, want := range map[string]figures{
		`/\`:                       {2, 2, 2, 0},
		`/ \ L B K P V W`:          {8, 8, 8, 0},
		"C C1 C2 E I J1 M R S T":   {10, 10, 0, 0},
		"G,N,O,U":                  {4, 4, 0, 4},
		"D Q X Y1 Y2 Y7 Z # /":     {9, 1, 1, 0},
		`/\C1C/\` + "\n" + `c2y3U`: {9, 8, 4, 1}, // without spaces there is only one way to read it
	} {
		if got, trouble := count(marks); got != want || trouble != "" {
			t.Errorf("%q: %+v %s, want %+v", marks, got, trouble, want)
		}
	}
	for marks, want := range map[string]string{"H": "retired", "/J": "retired", "Y": "retired", "A": "unknown", "C3": "unknown", "1": "unknown", "é": "unknown"} {
		if _, got := count(marks); got != want {
			t.Errorf("%q: %q, want %q", marks, got, want)
		}
	}
}

// A school whose columns are headed otherwise says so in a file.
func TestMapping(t *testing.T) {
	m, err := ReadMapping(nativetest.File(t, "columns.example.json"))
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte("Learner,Born,Noted on,What happened\n\"Testerly, Wren\",14.06.2015,14/09/2026,Cried in assembly.\n")
	ns, err := m.Doors()["/incidents"](raw)
	if err != nil {
		t.Fatal(err, nativetest.Places(err))
	}
	if c := ns[0].Report.Contact; c.Team != "Safeguarding office" || c.Phone != "01632 960103" {
		t.Error("the contact is not the mapping's")
	}
	for bad, want := range map[string]string{
		`{"columns": {"xyzzy": "A"}}`: "/columns", `{"columns": {"student": " "}}`: "/columns/student", `{"colums": {}}`: "", `[]`: "",
	} {
		if _, err := ReadMapping([]byte(bad)); strings.Join(nativetest.Places(err), " ") != want || err == nil {
			t.Errorf("%s: %v %v", bad, err, nativetest.Places(err))
		}
	}
}

func FuzzMapping(f *testing.F) {
	f.Add(nativetest.File(f, "columns.example.json"), []byte("Learner,Noted on,What happened\nA B,1/2/2026,C\n"))
	f.Fuzz(func(t *testing.T, columns, raw []byte) {
		m, err := ReadMapping(columns)
		if err != nil {
			return
		}
		for path, translate := range m.Doors() {
			if ns, err := translate(raw); (err == nil) == (len(ns) == 0) {
				t.Errorf("%s: %d notices, error %v", path, len(ns), err)
			}
		}
	})
}

// A file of sessions falls into two periods of one length, which end with its last day.
func TestHalves(t *testing.T) {
	for _, c := range []struct{ from, to, first, second events.Date }{
		{"2026-10-05", "2026-10-16", "2026-10-05", "2026-10-11"},
		{"2026-10-05", "2026-10-17", "2026-10-06", "2026-10-12"}, // an odd number: the first day is left out
		{"2026-10-05", "2026-10-06", "2026-10-05", "2026-10-06"},
		{"2026-03-28", "2026-03-31", "2026-03-28", "2026-03-30"}, // over the change of the clocks
	} {
		if got, ok := halves(c.from, c.to); !ok || got != (periods{c.first, c.second, c.to}) {
			t.Errorf("%s to %s: %+v", c.from, c.to, got)
		}
	}
	if got, ok := halves("2026-10-05", "2026-10-05"); ok {
		t.Errorf("one day: %+v", got)
	}
}
