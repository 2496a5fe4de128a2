package handover

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kith/events"
)

const manifestTitle = "kith child protection file v1"

// Manifest is what a school signs of a file. It names no child, so that it may be
// kept and quoted where the file may not.
type Manifest struct {
	From      events.AgencyID
	To        events.AgencyID
	Reference string      // the old school's; nothing personal
	Made      time.Time   // to the second
	Starts    events.Date // the child's first day at the new school
	Due       events.Date // the last day for handing it over
	Parts     []Part
}

// Part is one part of the archive.
type Part struct {
	Name   string
	Size   int64
	SHA256 string // hexadecimal
}

// Digest tells this file from every other.
func (m Manifest) Digest() string {
	sum := sha256.Sum256([]byte(m.text()))
	return hex.EncodeToString(sum[:])
}

// text is what is signed: one line for each field.
func (m Manifest) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nfrom %s\nto %s\nreference %s\nmade %s\nstarts %s\ndue %s\n", manifestTitle,
		m.From, m.To, m.Reference, m.Made.UTC().Format(time.RFC3339), m.Starts, m.Due)
	for _, p := range m.Parts {
		fmt.Fprintf(&b, "part %s %d %s\n", p.SHA256, p.Size, p.Name)
	}
	return b.String()
}

// ReadManifest reads a manifest that a school signed.
func ReadManifest(signed []byte, from Verifier) (Manifest, error) {
	n, err := note.Open(signed, note.VerifierList(from.verifier))
	if err != nil {
		return Manifest{}, errors.New("the manifest is not signed with the key that you named: it comes from somebody else, or was changed")
	}
	lines := strings.Split(strings.TrimSuffix(n.Text, "\n"), "\n")
	var m Manifest
	rest, err := fields(lines, manifestTitle, map[string]func(string) error{
		"from":      func(v string) error { m.From = events.AgencyID(v); return nil },
		"to":        func(v string) error { m.To = events.AgencyID(v); return nil },
		"reference": func(v string) error { m.Reference = v; return nil },
		"made":      func(v string) (err error) { m.Made, err = time.Parse(time.RFC3339, v); return err },
		"starts":    func(v string) error { m.Starts = events.Date(v); return nil },
		"due":       func(v string) error { m.Due = events.Date(v); return nil },
	}, "from", "to", "reference", "made", "starts", "due")
	if err != nil {
		return Manifest{}, err
	}
	for _, l := range rest {
		p, err := readPart(l)
		if err != nil {
			return Manifest{}, err
		}
		m.Parts = append(m.Parts, p)
	}
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	if string(m.From) != from.agency {
		return Manifest{}, errors.New("the manifest names another school than the one whose key signed it")
	}
	if m.text() != n.Text { // one manifest has one spelling
		return Manifest{}, errUnreadable
	}
	return m, m.parts()
}

var errUnreadable = errors.New("what is signed cannot be read: it was made by a later version, or by hand")

// fields reads the lines "name value" in their order, below a title, and returns
// the lines after them.
func fields(lines []string, title string, set map[string]func(string) error, order ...string) ([]string, error) {
	if len(lines) < len(order)+1 || lines[0] != title {
		return nil, errUnreadable
	}
	for i, name := range order {
		v, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok || set[name](v) != nil {
			return nil, errUnreadable
		}
	}
	return lines[len(order)+1:], nil
}

func readPart(l string) (Part, error) {
	w := strings.Split(l, " ")
	if len(w) != 4 || w[0] != "part" || len(w[1]) != 2*sha256.Size {
		return Part{}, errUnreadable
	}
	size, err := strconv.ParseInt(w[2], 10, 64)
	if err != nil || size < 0 {
		return Part{}, errUnreadable
	}
	return Part{Name: w[3], Size: size, SHA256: w[1]}, nil
}

// parts finds parts that no file of ours has.
func (m Manifest) parts() error {
	total := int64(0)
	for i, p := range m.Parts {
		want := indexName
		if i > 0 {
			want = documentName(i - 1)
		}
		if total += p.Size; p.Name != want || p.Size > mostBytes || total > mostBytes+1<<20 {
			return errors.New("the manifest names parts that no child protection file has, or more than it may hold")
		}
	}
	if len(m.Parts) < 2 || len(m.Parts) > mostDocuments+1 {
		return errors.New("the manifest names no document, or too many")
	}
	return nil
}

// check finds fields that would not fit on their line.
func (m Manifest) check() error {
	for _, v := range []string{string(m.From), string(m.To), m.Reference} {
		if v == "" || len(v) > 64 || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errors.New("school ids and the reference are at most 64 letters, digits and signs, without spaces")
		}
	}
	if m.From == m.To {
		return errors.New("a school does not hand a file to itself")
	}
	for _, d := range []events.Date{m.Starts, m.Due} {
		if _, err := time.Parse(time.DateOnly, string(d)); err != nil {
			return errors.New("the first day at the new school and the day due are days, such as 2026-09-02")
		}
	}
	if m.Made.IsZero() || m.Made.Nanosecond() != 0 {
		return errors.New("when the file was made is a moment, to the second")
	}
	return nil
}
