package handover

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const receiptTitle = "kith child protection file receipt v1"

// Receipt is the new school's word that it holds the whole file.
type Receipt struct {
	File      string // digest of the manifest
	Documents int
	Received  time.Time
	Late      bool // after the day on which it was due, in England
}

// Acknowledge makes the receipt for a file. Nobody signs it before the file is on
// stable storage. The same file at the same moment gives the same receipt.
func Acknowledge(m Manifest, at time.Time, key Key) ([]byte, error) {
	if key.agency != string(m.To) {
		return nil, errors.New("the key is not that of the school that the file is for")
	}
	n, err := note.Sign(&note.Note{Text: receiptText(m, at)}, key.signer)
	if err != nil {
		return nil, errors.New("the receipt could not be signed")
	}
	return n, nil
}

func receiptText(m Manifest, at time.Time) string {
	return fmt.Sprintf("%s\nfile %s\nfrom %s\nto %s\nreference %s\ndocuments %d\nreceived %s\n", receiptTitle,
		m.Digest(), m.From, m.To, m.Reference, len(m.Parts)-1, at.UTC().Format(time.RFC3339))
}

// CheckReceipt reads the receipt for a file, signed by the school that it was for.
func CheckReceipt(signed []byte, m Manifest, to Verifier, england *time.Location) (Receipt, error) {
	n, err := note.Open(signed, note.VerifierList(to.verifier))
	if err != nil {
		return Receipt{}, errors.New("the receipt is not signed with the key that you named")
	}
	if to.agency != string(m.To) {
		return Receipt{}, errors.New("the key that you named is not that of the school that the file is for")
	}
	var r Receipt
	var from, dest, reference string
	keep := func(into *string) func(string) error { return func(v string) error { *into = v; return nil } }
	rest, err := fields(strings.Split(strings.TrimSuffix(n.Text, "\n"), "\n"), receiptTitle, map[string]func(string) error{
		"file": keep(&r.File), "from": keep(&from), "to": keep(&dest), "reference": keep(&reference),
		"documents": func(v string) (err error) { r.Documents, err = strconv.Atoi(v); return err },
		"received":  func(v string) (err error) { r.Received, err = time.Parse(time.RFC3339, v); return err },
	}, "file", "from", "to", "reference", "documents", "received")
	if err != nil || len(rest) > 0 {
		return Receipt{}, errUnreadable
	}
	if receiptText(m, r.Received) != n.Text {
		return Receipt{}, errors.New("the receipt is for another file")
	}
	r.Late = date(r.Received.In(england)) > m.Due
	return r, nil
}
