package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/services/education"
)

// school runs kith file in a folder of one school.
type school struct {
	dir    string
	public string
}

func newSchool(t *testing.T, id string) school {
	t.Helper()
	s := school{dir: t.TempDir()}
	out := s.file(t, exitGood, "key", "-key", s.at("keys/file.key"), "-agency", id)
	s.public = strings.TrimSpace(out)
	if again := s.file(t, exitGood, "key", "-key", s.at("keys/file.key"), "-agency", id); again != out {
		t.Error("the key was made anew")
	}
	if info, err := os.Stat(s.at("keys/file.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key may be read by others: %v, %v", info.Mode(), err)
	}
	return s
}

func (s school) at(name string) string { return filepath.Join(s.dir, name) }

func (s school) file(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errw bytes.Buffer
	if got := run(t.Context(), append([]string{"file"}, args...), &out, &errw); got != want {
		t.Fatalf("kith file %s: exit %d, want %d: %s", args[0], got, want, errw.String())
	}
	return out.String() + errw.String()
}

func (s school) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.at(name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.at(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s school) export(to string) []string {
	return []string{"export", "-key", s.at("keys/file.key"), "-to", to, "-reference", "OAK-CP-4", "-child", s.at("child.json"),
		"-documents", s.at("documents"), "-starts", "2026-11-23", "-calendar", s.at("terms.json"), "-out", s.at("file.zip"), "-json"}
}

// oakfield is a school with a file to hand over.
func oakfield(t *testing.T) school {
	t.Helper()
	s := newSchool(t, "oakfield-school")
	s.write(t, "child.json", `{"given": "Wren", "family": "Testerly", "dateOfBirth": "2015-06-14", "upn": "B801200005001"}`)
	s.write(t, "terms.json", `{"terms": [{"from": "2026-09-02", "to": "2026-12-18"}], "closed": [{"from": "2026-10-26", "to": "2026-10-30"}]}`)
	s.write(t, "documents/chronology.csv", "date,what\n14/09/2026,Came in without a coat.\n")
	s.write(t, "documents/Body map.pdf", "%PDF invented")
	return s
}

func TestFileIsHandedOverWithAReceipt(t *testing.T) {
	oak, elm := oakfield(t), newSchool(t, "elmtree-school")
	if due := oak.file(t, exitGood, "due", "-starts", "2026-11-23", "-calendar", oak.at("terms.json")); due != "2026-11-30\n" {
		t.Errorf("due %s", due)
	}
	var made handed
	text := oak.file(t, exitGood, append(oak.export("elmtree-school"), "-record", oak.at("sent.json"))...)
	if err := json.Unmarshal([]byte(text), &made); err != nil || made.Documents != 2 || made.Due != "2026-11-30" || strings.Contains(text, "Wren") {
		t.Fatalf("export says %s (%v)", text, err)
	}
	accept := []string{"accept", "-key", elm.at("keys/file.key"), "-from", oak.public, "-in", oak.at("file.zip"),
		"-out", elm.at("received"), "-receipt", elm.at("receipt.txt"), "-json"}
	elm.write(t, ".accepting-received/0001 of an attempt that was killed.pdf", "half")
	first := elm.file(t, exitGood, accept...)
	if again := elm.file(t, exitGood, accept...); again != first {
		t.Errorf("accepted again: %s, before %s", again, first)
	}
	if in, err := os.ReadDir(elm.at("received")); err != nil || len(in) != 4 {
		t.Errorf("%d files in the folder, want two documents, whom it is about and the receipt: %v", len(in), err)
	}
	for name, want := range map[string]string{"0001 Body map.pdf": "%PDF invented", "0002 chronology.csv": "date,what\n14/09/2026,Came in without a coat.\n"} {
		if got, err := os.ReadFile(elm.at("received/" + name)); err != nil || string(got) != want {
			t.Errorf("%s is not what was handed over: %v", name, err)
		}
	}
	var back handed
	text = oak.file(t, exitGood, "receipt", "-key", oak.at("keys/file.key"), "-to", elm.public, "-in", oak.at("file.zip"), "-receipt", elm.at("receipt.txt"), "-record", oak.at("received.json"), "-json")
	if err := json.Unmarshal([]byte(text), &back); err != nil || back.File != made.File || back.Received == "" {
		t.Errorf("the receipt says %s (%v)", text, err)
	}
	for name, want := range map[string]string{"sent.json": "file-transfer:OAK-CP-4:sent", "received.json": "file-transfer:OAK-CP-4:received"} {
		record, err := os.ReadFile(oak.at(name))
		if err != nil {
			t.Fatal(err)
		}
		if ns, err := education.Transfer(record); err != nil || len(ns) != 1 || ns[0].ID != want {
			t.Errorf("%s is no record for the door: %v, %v", name, len(ns), err)
		}
	}
	left, err := filepath.Glob(elm.at(".accepting-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %d folders, %v", len(left), err)
	}
}

func TestFileThatIsNotAccepted(t *testing.T) {
	oak, elm, ash := oakfield(t), newSchool(t, "elmtree-school"), newSchool(t, "ash-school")
	oak.file(t, exitGood, oak.export("elmtree-school")...)
	oak.file(t, exitFailed, oak.export("elmtree-school")...) // there is one: it is not written over
	raw, err := os.ReadFile(oak.at("file.zip"))
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	elm.write(t, "changed.zip", string(raw))
	elm.write(t, "taken/something.txt", "else")
	accept := func(s school, from, in, out string) {
		t.Helper()
		s.file(t, exitFailed, "accept", "-key", s.at("keys/file.key"), "-from", from, "-in", in, "-out", s.at(out), "-receipt", s.at("receipt.txt"))
		if _, err := os.Stat(s.at("receipt.txt")); err == nil {
			t.Error("there is a receipt")
		}
	}
	accept(elm, oak.public, elm.at("changed.zip"), "received")
	accept(elm, ash.public, oak.at("file.zip"), "received")
	accept(elm, oak.public, oak.at("file.zip"), "taken")
	accept(ash, oak.public, oak.at("file.zip"), "received")
	if _, err := os.Stat(elm.at("received")); err == nil {
		t.Error("documents of what was not accepted are there")
	}
	for _, wrong := range [][]string{{"key"}, {"due"}, {"export"}, {"accept"}, {"receipt"}, {"burn"}} {
		oak.file(t, exitUsage, wrong...)
	}
}
