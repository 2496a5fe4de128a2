package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kith/events"
	"kith/services/education/handover"
)

// handed is what kith file export and accept say of a file. It names no child.
type handed struct {
	Reference string      `json:"reference"`
	From      string      `json:"from"`
	To        string      `json:"to"`
	File      string      `json:"file"` // its digest
	Documents int         `json:"documents"`
	Due       events.Date `json:"due"`
	Received  string      `json:"received,omitempty"`
	Late      bool        `json:"late"`
}

// fileExport makes one signed file of a folder of documents.
func fileExport(c *call) error {
	keyFile := c.flags.String("key", "", "the school's key; kith file key makes one")
	to := c.flags.String("to", "", "agency id of the new school")
	reference := c.flags.String("reference", "", "your reference for the file; nothing personal")
	child := c.flags.String("child", "", "file that says who it is about: {\"given\", \"family\", \"dateOfBirth\", \"upn\"}")
	documents := c.flags.String("documents", "", "folder of what is handed over; all files in it, no folders")
	starts := c.flags.String("starts", "", "the child's first day at the new school, such as 2026-11-23")
	calendar := c.flags.String("calendar", "", "file with the school's terms and closures; docs/integrators.md shows one")
	out := c.flags.String("out", "", "the file to make; there must be none yet")
	record := c.flags.String("record", "", "where to write the record for the school's door /file-transfers; none if left out")
	team := c.flags.String("team", "Designated safeguarding lead", "in that record, whom to call")
	asJSON := c.flags.Bool("json", false, "one JSON object")
	if err := c.parse(); err != nil {
		return err
	}
	for _, given := range []string{*keyFile, *to, *reference, *child, *documents, *starts, *calendar, *out} {
		if given == "" {
			return c.wrong("-key, -to, -reference, -child, -documents, -starts, -calendar and -out are all needed")
		}
	}
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	f := handover.File{Manifest: handover.Manifest{From: key.Agency(), To: events.AgencyID(*to), Reference: *reference,
		Made: time.Now().UTC().Truncate(time.Second), Starts: events.Date(*starts)}}
	if f.Due, err = dueBy(*starts, *calendar); err != nil {
		return err
	}
	if err := load(*child, &f.Child); err != nil {
		return err
	}
	if f.Documents, err = documentsIn(*documents); err != nil {
		return err
	}
	raw, err := handover.Pack(f, key)
	if err != nil {
		return err
	}
	if f, err = handover.Open(raw, key.Verifier(), f.To); err != nil { // as the new school will
		return err
	}
	if err := writeNewFile(*out, raw); err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	if err := writeTransfer(*record, *team, f, f.Made, ""); err != nil {
		return err
	}
	h := handedOf(f.Manifest)
	return answerFile(c.out, *asJSON, h, fmt.Sprintf("%d documents for %s, to be handed over by %s\nIt is signed, not encrypted: send it the way you send such files.", h.Documents, h.To, h.Due))
}

func handedOf(m handover.Manifest) handed {
	return handed{Reference: m.Reference, From: string(m.From), To: string(m.To), File: m.Digest(), Documents: len(m.Parts) - 1, Due: m.Due}
}

// documentsIn reads all files of a folder, by name.
func documentsIn(dir string) (out []handover.Document, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the documents: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			return nil, errors.New("the folder of documents holds something that is no file: put all documents into it directly")
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, errors.New("a document could not be read") // its name may be personal
		}
		out = append(out, handover.Document{Name: e.Name(), MediaType: mediaTypeOf(e.Name()), Content: content})
	}
	return out, nil
}

// mediaTypeOf goes by the end of a name, the same on every machine.
func mediaTypeOf(name string) string {
	t := map[string]string{
		".pdf": "application/pdf", ".txt": "text/plain", ".csv": "text/csv", ".json": "application/json", ".html": "text/html",
		".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".eml": "message/rfc822", ".doc": "application/msword",
		".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	}[strings.ToLower(filepath.Ext(name))]
	if t == "" {
		return "application/octet-stream"
	}
	return t
}
