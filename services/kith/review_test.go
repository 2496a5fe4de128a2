package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
	"kith/services/ledger/unusual"
)

// staffRegister is what an agency hands over of its staff, all of it invented.
const staffRegister = `actor,agency,area,team,from,until,postcode,familyName,children
%s,northshire-council,north,chairs,2020-01-01,,ZZ1 1AA,Other,
socialworker,northshire-council,north,Duty,2020-01-01,,ZZ99 3VZ,Testerley,
somebody,northshire-council,north,Duty,2020-01-01,2020-02-02,,,2014-09-12|Wren|Testerley
`

// TestReviewOfUnusualLooks: in a real hub somebody looks at a colleague's child.
// Governance finds it on the list, and decides.
func TestReviewOfUnusualLooks(t *testing.T) {
	w := newWorld(t)
	wren := kid{given: "Wren", family: "Testerley", born: "2014-09-12"}
	wren.nhs, wren.upn = validNHS(t, "999000099"), validUPN("801200005991")
	raiseConcern(t, w, wren)
	w.demo.hub.staff = w.marks(t, fmt.Sprintf(staffRegister, w.reader("chair").Actor))
	child := w.findOne(t, "chair", wren)
	w.view(t, "chair", child, "purpose=s47")

	type finding struct {
		Finding, Pattern, Reader, Child, Decided, Note string
		Entries                                        []int
	}
	list := func() (fs []finding) {
		for _, f := range into[struct{ Findings []finding }](t, w.get(t, "governance", "/v1/ledger/unusual", http.StatusOK)).Findings {
			if f.Pattern == "colleagues-child" {
				fs = append(fs, f)
			}
		}
		return fs
	}
	fs := list()
	if len(fs) != 1 || fs[0].Child != child || fs[0].Reader != string(w.reader("chair").Actor) || len(fs[0].Entries) < 2 || fs[0].Decided != "" {
		t.Fatalf("found %+v", fs)
	}
	w.post(t, "governance", "/v1/ledger/unusual/"+fs[0].Finding, `{"outcome":"investigate","note":"The chair knew whose child it was."}`, http.StatusOK)
	if fs := list(); len(fs) != 1 || fs[0].Decided != "investigate" || fs[0].Note == "" {
		t.Errorf("after the decision: %+v", fs)
	}
	w.get(t, "chair", "/v1/ledger/unusual", http.StatusForbidden)
	page := w.get(t, "governance", "/unusual", http.StatusOK).body
	if !strings.Contains(page, "A colleague’s child") || strings.Contains(page, "Testerley") {
		t.Errorf("the page: %s", page)
	}
}

func (w *world) reader(persona string) events.Reader {
	for _, p := range personas() {
		if p.name == persona {
			return p.reader
		}
	}
	return events.Reader{}
}

// marks makes marks of a register with kith staff, of the running hub's keys.
func (w *world) marks(t *testing.T, register string) staffFile {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "register.csv"), filepath.Join(dir, "staff.json")
	if err := os.WriteFile(in, []byte(register), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if code := run(t.Context(), []string{"staff", "-data", w.demo.hub.dir, "-out", out, in}, &said, &said); code != exitGood {
		t.Fatalf("kith staff: %d %s", code, &said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"ZZ1", "ZZ99", "Testerley", "testerley", "Wren", "2014-09-12"} {
		if bytes.Contains(text, []byte(secret)) || bytes.Contains(said.Bytes(), []byte(secret)) {
			t.Errorf("%s stands in the marks", secret)
		}
	}
	f, err := loadStaff(out)
	if err != nil || len(f.Staff) != 3 {
		t.Fatalf("%d accounts, %v", len(f.Staff), err)
	}
	return f
}

// A register with a mistake is refused, with its line and column and nothing of
// what stands there.
func TestStaffRegisterMistakes(t *testing.T) {
	m := marker(func(domain, value string) string { return domain + value })
	for name, row := range map[string]string{
		"no actor":    ",northshire-council,,,,,,,",
		"agency":      "a,Secret Agency,,,,,,,",
		"a day":       "a,b,,,secret,,,,",
		"the child":   "a,b,,,,,,,secret",
		"the number":  "a,b,,,,,,,9990000001",
		"two columns": "a,b",
	} {
		file := filepath.Join(t.TempDir(), "r.csv")
		if err := os.WriteFile(file, []byte(strings.Join(staffColumns, ",")+"\n"+row+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := readRegister(file, m, map[events.ActorID]unusual.Staff{})
		if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(strings.ToLower(err.Error()), "secret") || strings.Contains(err.Error(), "9990000001") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where a child's address is protected, nothing about where the child lives is
// compared with anybody's.
func TestProtectedAddressGivesNoMark(t *testing.T) {
	m := marker(func(domain, value string) string { return domain + "/" + value })
	item := func(l events.Label, postcode string) events.Held {
		return events.Held{Item: events.Item{Person: events.Person{Name: events.Name{Family: "Testerley"}, Address: &events.Address{Postcode: postcode, Label: l}}, Fact: events.ContactReceived{}}}
	}
	f := staffFile{Districts: map[string]string{"ZZ1": "north", "ZZ2": "south"}}
	open := f.child(events.Picture{Items: []events.Held{item(events.Core, "zz1 1aa")}}, m, "council")
	if len(open.Home) != 1 || open.Home[0] != "staff home/ZZ11AA" || open.Area != "north" || len(open.Family) != 1 {
		t.Errorf("an ordinary address: %+v", open)
	}
	hidden := f.child(events.Picture{Items: []events.Held{item(events.Core, "ZZ1 1AA"), item(events.Restricted, "ZZ2 2BB")}}, m, "council")
	if len(hidden.Home) != 0 || hidden.Area != "" || len(hidden.Family) != 1 {
		t.Errorf("a protected address: %+v", hidden)
	}
}
