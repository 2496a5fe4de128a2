package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kith/services/education/handover"
)

// In the folder that a file is put into, beside its documents.
const (
	acceptedReceipt = "receipt.txt"
	acceptedChild   = "file.json"
)

// fileAccept checks a file, puts its documents into a new folder and signs the
// receipt. The folder appears whole, with the receipt in it, or not at all; the same
// file accepted again gives the same receipt.
func fileAccept(c *call) error {
	keyFile := c.flags.String("key", "", "the school's key; kith file key makes one")
	from := c.flags.String("from", "", "the old school's verifier key: the line that kith file key printed there")
	in := c.flags.String("in", "", "the file that the old school sent")
	out := c.flags.String("out", "", "the new folder for its documents")
	receipt := c.flags.String("receipt", "", "where to write the receipt, for the old school")
	asJSON := c.flags.Bool("json", false, "one JSON object")
	if err := c.parse(); err != nil {
		return err
	}
	for _, given := range []string{*keyFile, *from, *in, *out, *receipt} {
		if given == "" {
			return c.wrong("-key, -from, -in, -out and -receipt are all needed")
		}
	}
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	verifier, err := handover.ReadVerifier(*from)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(*in)
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	f, err := handover.Open(raw, verifier, key.Agency())
	if err != nil {
		return err
	}
	signed, err := acceptInto(*out, f, key, time.Now())
	if err != nil {
		return err
	}
	if err := writeNewFile(*receipt, signed); err != nil && !sameFile(*receipt, signed) {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return tellReceipt(c, *asJSON, signed, f.Manifest, key.Verifier(), "accepted: send the receipt back to "+string(f.From))
}

// acceptInto puts a file into a new folder, with its receipt, and returns that.
func acceptInto(dir string, f handover.File, key handover.Key, now time.Time) ([]byte, error) {
	if _, err := os.Lstat(dir); err == nil {
		return acceptedBefore(dir, f, key)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	signed, err := handover.Acknowledge(f.Manifest, now, key)
	if err != nil {
		return nil, err
	}
	tmp := filepath.Join(filepath.Dir(dir), ".accepting-"+filepath.Base(dir))
	if err := os.RemoveAll(tmp); err != nil { // what an attempt left behind that was killed
		return nil, err
	}
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp) // after the rename there is none
	for i, d := range f.Documents {
		if err := writeNewFile(filepath.Join(tmp, fmt.Sprintf("%04d %s", i+1, d.Name)), d.Content); err != nil {
			return nil, errors.New("a document could not be written") // its name may be personal
		}
	}
	index, err := f.Index()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(writeNewFile(filepath.Join(tmp, acceptedChild), index), writeNewFile(filepath.Join(tmp, acceptedReceipt), signed)); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return nil, fmt.Errorf("put the documents in place: %w", err)
	}
	return signed, syncFolder(filepath.Dir(dir))
}

// acceptedBefore is the receipt that lies in a folder, if it is for this file.
func acceptedBefore(dir string, f handover.File, key handover.Key) ([]byte, error) {
	signed, err := os.ReadFile(filepath.Join(dir, acceptedReceipt))
	if err == nil {
		_, err = handover.CheckReceipt(signed, f.Manifest, key.Verifier(), london())
	}
	if err != nil {
		return nil, errors.New("the folder is there and holds something else: name a new one")
	}
	return signed, nil
}

func sameFile(path string, content []byte) bool {
	old, err := os.ReadFile(path)
	return err == nil && bytes.Equal(old, content)
}

// fileReceipt checks the receipt that came back for a file.
func fileReceipt(c *call) error {
	keyFile := c.flags.String("key", "", "your own school's key, with which the file was made")
	to := c.flags.String("to", "", "the new school's verifier key: the line that kith file key printed there")
	in := c.flags.String("in", "", "the file that you handed over")
	receipt := c.flags.String("receipt", "", "the receipt that came back")
	record := c.flags.String("record", "", "where to write the record for the school's door /file-transfers; none if left out")
	team := c.flags.String("team", "Designated safeguarding lead", "in that record, whom to call")
	asJSON := c.flags.Bool("json", false, "one JSON object")
	if err := c.parse(); err != nil {
		return err
	}
	for _, given := range []string{*keyFile, *to, *in, *receipt} {
		if given == "" {
			return c.wrong("-key, -to, -in and -receipt are all needed")
		}
	}
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	verifier, err := handover.ReadVerifier(*to)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(*in)
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	f, err := handover.Open(raw, key.Verifier(), verifier.Agency())
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(*receipt)
	if err != nil {
		return fmt.Errorf("read the receipt: %w", err)
	}
	if r, err := handover.CheckReceipt(signed, f.Manifest, verifier, london()); err == nil {
		if err := writeTransfer(*record, *team, f, r.Received, r.Received.In(london()).Format(time.DateOnly)); err != nil {
			return err
		}
	}
	return tellReceipt(c, *asJSON, signed, f.Manifest, verifier, "received whole")
}

// tellReceipt says what a receipt says, once it is checked.
func tellReceipt(c *call, asJSON bool, signed []byte, m handover.Manifest, by handover.Verifier, words string) error {
	r, err := handover.CheckReceipt(signed, m, by, london())
	if err != nil {
		return err
	}
	h := handedOf(m)
	h.Received, h.Late = r.Received.Format(time.RFC3339), r.Late
	when := "in time"
	if r.Late {
		when = "late"
	}
	return answerFile(c.out, asJSON, h, fmt.Sprintf("%s\n%d documents, received %s, due %s: %s", words, r.Documents, h.Received, h.Due, when))
}
