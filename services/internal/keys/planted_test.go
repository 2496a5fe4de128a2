package keys_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"kith/events"
	"kith/events/store"
	"kith/events/store/sqlite"
)

// TestNothingReadableOnDisk plants words in everything that is appended and
// looks for them in every file of the log and of the keys.
func TestNothingReadableOnDisk(t *testing.T) {
	dir := t.TempDir()
	k := open(t, filepath.Join(dir, "keys"))
	l, err := sqlite.Open(t.Context(), filepath.Join(dir, "log", "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := store.New(l, k)
	planted := []string{"Zaphira", "Quillfeather", "A123456789012", "14 Lantern Row", "bruise on the arm"}
	item := events.Item{
		Person: events.Person{Name: events.Name{Given: planted[0], Family: planted[1]}, Identifiers: events.Identifiers{UPN: planted[2]}},
		Shared: events.Shared{Voice: &events.Voice{Words: planted[4]}},
		Fact:   events.DomesticAbuseIncident{Place: planted[3]},
	}
	stream := store.Stream("subject-" + s.Pseudonym("subject", planted[2]))
	_, err = s.Append(t.Context(), store.Batch{Stream: stream, Expect: store.Any, Events: []events.Event{item},
		Cause: store.Cause{By: "intake", For: "northshire-police", Because: s.Pseudonym("intake", planted[1])}})
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range s.Read(t.Context(), stream, 0) {
		if err != nil || e.Event.(events.Item).Person.Name.Given != planted[0] {
			t.Fatalf("read %+v, %v", e, err)
		}
	}
	for _, d := range []string{"keys", "log"} {
		for name, content := range files(t, filepath.Join(dir, d)) {
			for _, p := range planted {
				if bytes.Contains(content, []byte(p)) {
					t.Errorf("%q lies readable in %s", p, name)
				}
			}
		}
	}
}
