package police

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/events"
	"kith/services/fault"
)

var update = flag.Bool("update", false, "write the golden files")

// door is the one each sample goes through, by the start of its name.
func door(t testing.TB, sample string) func([]byte) ([]events.Notice, error) {
	doors := Doors()
	for _, d := range []struct{ prefix, path string }{
		{"encompass", "/encompass"}, {"missing-episode", "/missing-episodes"}, {"protection-notice", "/protection-notices"},
	} {
		if strings.HasPrefix(filepath.Base(sample), d.prefix) {
			return doors[d.path]
		}
	}
	t.Fatalf("no door for %s", sample)
	return nil
}

func samples(t testing.TB) []string {
	all, err := filepath.Glob("testdata/*.json")
	if err != nil || len(all) == 0 {
		t.Fatalf("samples: %v, %d found", err, len(all))
	}
	return slices.DeleteFunc(all, func(p string) bool { return strings.HasSuffix(p, ".golden.json") })
}

func TestSamplesGiveTheirNotices(t *testing.T) {
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			ns, err := door(t, path)(file(t, path))
			if err != nil {
				t.Fatal(err, places(err))
			}
			golden(t, strings.TrimSuffix(path, ".json")+".golden.json", ns)
		})
	}
}

// golden compares notices with a file, by the JSON that the hub would get.
func golden(t *testing.T, path string, ns []events.Notice) {
	t.Helper()
	type line struct {
		ID   string          `json:"id"`
		Type events.Type     `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	var lines []line
	for _, n := range ns {
		data, err := events.EncodeReport(n.Report)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := events.DecodeReport(n.Report.Type(), data); err != nil {
			t.Fatalf("the report does not read back: %v", err)
		}
		lines = append(lines, line{n.ID, n.Report.Type(), data})
	}
	got, err := json.MarshalIndent(lines, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := strings.TrimSpace(string(file(t, path))); want != string(got) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func file(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// places lists the pointers that an error names.
func places(err error) (out []string) {
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Kind == fault.Invalid {
		for _, p := range e.At {
			out = append(out, p.Pointer)
		}
	}
	return out
}

func TestWhatIsWrongIsNamedByItsPlace(t *testing.T) {
	for _, c := range []struct{ sample, old, new, want string }{
		{"encompass", `"heard"`, `"xyzzy"`, "/childPresence"},
		{"encompass", `"2026-11-19T21:40:00Z"`, `"xyzzy"`, "/occurredAt"},
		{"encompass", `"2026-11-19T21:40:00Z"`, `"9999-12-31T23:59:59-12:00"`, "/occurredAt"},
		{"encompass", `"NP-2026-110345"`, `"xyz zy"`, "/policeReference"},
		{"encompass", `"NP-2026-110345"`, `""`, "/policeReference"},
		{"encompass", `"place": "The family home"`, `"place": 17`, "/place"},
		{"encompass", `"place"`, `"xyzzy": 1, "place"`, ""},
		{"encompass", `"place": `, `"place": "xyzzy", "place": `, ""},
		{"encompass", `"role": "child"`, `"role": "xyzzy"`, "/people/0/role /people/1/role /people"},
		{"encompass", `"2018-01-30"`, `"2018-13-30"`, "/people/1/dateOfBirth"},
		{"encompass", `"forenames": "Jay  Robin"`, `"forenames": ["xyzzy"]`, "/people/1/forenames"},
		{"encompass", `"forenames": "Jay  Robin", `, ``, "/people/1/nominal"},
		{"encompass", `"female", "upn"`, `"xyzzy", "upn"`, "/people/0/sex"},
		{"encompass", `"B801200005001"`, `"C801200005001"`, "/people/0/upn"},
		{"encompass", `["4 Sample Row", "Northshire"]`, `[]`, "/people/0/address/lines"},
		{"encompass", `"I put my music on so my brother would not hear it."`, `" "`, "/childVoice/words"},
		{"encompass", `"Operation Encompass desk"`, `""`, "/team/team"},
		{"encompass", `, "whyNot": "To tell the suspect that the school knows could put the victim at more risk."`, ``, "/family/whyNot"},
		{"missing-episode-found", `"2026-11-21T06:20:00+00:00"`, `"2026-11-20T06:20:00Z"`, "/foundAt"},
		{"missing-episode-found", `"9990001014"`, `"9990001015"`, "/people/0/nhsNumber"},
		{"missing-episode-missing", `"2026-11-20T19:00:00Z"`, `"2026-11-20"`, "/missingSince"},
		{"protection-notice", `"amber"`, `"xyzzy"`, "/grade"},
		{"protection-notice", `"intelligence": true`, `"intelligence": "xyzzy"`, "/intelligence"},
		{"protection-notice", `"revision": 2`, `"revision": -2`, "/revision"},
		{"protection-notice", `"revision": 2`, `"revision": 2.5`, "/revision"},
	} {
		t.Run(c.sample+c.want, func(t *testing.T) {
			path := "testdata/" + c.sample + ".json"
			raw := string(file(t, path))
			bad := strings.ReplaceAll(raw, c.old, c.new)
			if bad == raw {
				t.Fatal("the case changes nothing")
			}
			_, err := door(t, path)([]byte(bad))
			if got := strings.Join(places(err), " "); err == nil || got != c.want {
				t.Errorf("got places %q, want %q; error %v", got, c.want, err)
			}
			if e, ok := errors.AsType[*fault.Error](err); ok && strings.Contains(e.Error()+detail(e), "xyz") {
				t.Errorf("the error repeats a value: %v %v", e, e.At)
			}
		})
	}
}

func detail(e *fault.Error) string {
	var b strings.Builder
	for _, p := range e.At {
		b.WriteString(p.Pointer + p.Detail)
	}
	return b.String()
}

func TestNotJSON(t *testing.T) {
	for _, raw := range []string{"", "null", "[]", "{", `{"a":1} {}`, "\xff", `{"place":"\ud800"}`} {
		for path, translate := range Doors() {
			if ns, err := translate([]byte(raw)); places(err) == nil {
				t.Errorf("%s took %q: %v, %v", path, raw, ns, err)
			}
		}
	}
}

// Whatever comes in, a translator neither panics nor gives what cannot be sent.
func FuzzDoors(f *testing.F) {
	for _, path := range samples(f) {
		f.Add(file(f, path))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for path, translate := range Doors() {
			ns, err := translate(raw)
			if (err == nil) == (len(ns) == 0) || err != nil && places(err) == nil {
				t.Errorf("%s: %d notices, error %v", path, len(ns), err)
			}
			for _, n := range ns {
				if _, err := events.EncodeReport(n.Report); err != nil || n.ID == "" {
					t.Errorf("%s: id %q, %v", path, n.ID, err)
				}
			}
		}
	})
}
