package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
)

// Whatever line an operator is given, what is read of it is what it says.
func FuzzEnrolment(f *testing.F) {
	f.Add(enrolment{"oakfield-school", "UAUODALECP62LWADWBZW4BGPKAQXW5DVJTSONSAQYJVH3RLDGGM2GIVX", events.KindEducation, "Oakfield School"}.String())
	f.Add("kith-agency+northshire-police+UAUODALECP62LWADWBZW4BGPKAQXW5DVJTSONSAQYJVH3RLDGGM2GIVX")
	f.Fuzz(func(t *testing.T, line string) {
		e, ok := readEnrolment(line)
		if !ok || e.kind == "" {
			return
		}
		if again, ok := readEnrolment(e.String()); !ok || again != e {
			t.Error("read as something else")
		}
	})
}

// Whatever stands in a configuration or in what an operator hands over, it is
// taken whole or refused.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(goodHub))
	f.Add([]byte(goodAgency))
	for _, name := range []string{"hub", "education", "police"} {
		text, err := os.ReadFile("../../deploy/config/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	file := filepath.Join(f.TempDir(), "config.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := loadHub(file); err == nil && (len(c.Agencies) == 0 || c.check() != nil) {
			t.Error("a hub without agencies")
		}
		if c, err := loadAgency(file); err == nil && (!knownID(c.Agency.ID) || c.NATS.URL == "" || c.check() != nil) {
			t.Error("an agency without a name or a way to the hub")
		}
		_, _ = trusted("", strings.TrimSpace(string(text)))
	})
}
