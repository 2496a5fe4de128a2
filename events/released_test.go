package events_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"testing"

	"kith/events"
)

// releasedAtLeast only ever grows, with the list.
const releasedAtLeast = 29

// Every type and version that a log may hold decodes for ever. testdata/released
// lists each with the SHA-256 of its golden example, so that neither can be
// changed nor taken away unnoticed; a new one is added at the end.
func TestWhatWasReleasedDecodesForEver(t *testing.T) {
	list, err := os.ReadFile("testdata/released")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[events.Type]bool{}
	for s := bufio.NewScanner(bytes.NewReader(list)); s.Scan(); {
		var typ events.Type
		var sum string
		if _, err := fmt.Sscan(s.Text(), &typ, &sum); err != nil || listed[typ] {
			t.Fatalf("testdata/released: %q is not a type and a SHA-256, or stands there twice", s.Text())
		}
		listed[typ] = true
		example := golden(t, typ)
		if got := fmt.Sprintf("%x", sha256.Sum256(example)); got != sum {
			t.Errorf("testdata/%s.json was changed; logs hold events like the released one. Put it back, and add a new version", typ)
		}
		if facts := slices.Collect(events.FactTypes()); slices.Contains(facts, typ) {
			_, err = events.DecodeReport(typ, example)
		} else {
			_, err = events.Decode(typ, example)
		}
		if err != nil {
			t.Errorf("%s: what was released cannot be read any more: %v", typ, err)
		}
	}
	if len(listed) < releasedAtLeast {
		t.Errorf("testdata/released lists %d types, it had %d: what was released stays", len(listed), releasedAtLeast)
	}
	for typ := range events.Types() {
		if !listed[typ] {
			t.Errorf("add a line at the end of events/testdata/released: %s %x", typ, sha256.Sum256(golden(t, typ)))
		}
	}
	t.Logf("%d types and versions were released; each decodes", len(listed))
}
