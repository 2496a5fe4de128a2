package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
)

//go:embed copy.html
var copyHTML string

// Archive writes a bundle as a zip file: the letter and the copy as pages that need
// nothing else, and the copy as JSON. The zero Archive is ready. It is a
// disclosure.Template, so that what the gate disclosed is written and not taken out.
type Archive struct{}

var errNotABundle = errors.New("not a bundle")

// Execute writes data, which has to be a Bundle or a Prepared. The same gives the
// same bytes: files are stored in one order, without times.
func (Archive) Execute(w io.Writer, data any) error {
	var b Bundle
	switch d := data.(type) {
	case Bundle:
		b = d
	case Prepared:
		b = d.Bundle
	default:
		return errNotABundle
	}
	pages, err := template.New("copy").Parse(copyHTML)
	if err != nil {
		return fmt.Errorf("the copy's template: %w", err)
	}
	z := zip.NewWriter(w)
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"1-letter.html", func(w io.Writer) error { return pages.ExecuteTemplate(w, "letter", b.Letter()) }},
		{"2-copy.html", func(w io.Writer) error { return pages.ExecuteTemplate(w, "copy", b) }},
		{"copy.json", func(w io.Writer) error { return asJSON(w, b) }},
	} {
		// stored, not deflated: how well it is packed may change with Go
		to, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store})
		if err != nil {
			return fmt.Errorf("write the copy: %w", err)
		}
		if err := f.write(to); err != nil {
			return fmt.Errorf("write the copy: %w", err)
		}
	}
	return z.Close()
}

func asJSON(w io.Writer, b Bundle) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(b)
}

// Digest is the SHA-256 of the archive of a bundle, in hex.
func (b Bundle) Digest() (string, error) {
	var all bytes.Buffer
	if err := (Archive{}).Execute(&all, b); err != nil {
		return "", err
	}
	sum := sha256.Sum256(all.Bytes())
	return hex.EncodeToString(sum[:]), nil
}
