package handover

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"kith/events"
)

const (
	manifestName = "manifest.txt"
	indexName    = "file.json"

	mostDocuments = 2000
	mostBytes     = 512 << 20 // of all that a file holds, unpacked
)

// File is a child protection file: who hands it to whom, about which child, and
// what is in it.
type File struct {
	Manifest  `json:"-"`
	Child     Child      `json:"child"`
	Documents []Document `json:"documents"`
}

// Child is whom the file is about.
type Child struct {
	Given       string      `json:"given"`
	Family      string      `json:"family"`
	DateOfBirth events.Date `json:"dateOfBirth"`
	UPN         string      `json:"upn,omitempty"`
}

// Document is one paper of the file, as the old school called it.
type Document struct {
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	Content   []byte `json:"-"`
}

// Pack makes one signed file of it: a zip archive of which a manifest names each
// part with size and SHA-256. It is signed, not encrypted. The manifest names no
// child. The same file gives the same bytes.
func Pack(f File, key Key) ([]byte, error) {
	if key.agency != string(f.From) {
		return nil, errors.New("the key is not that of the school that hands the file over")
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	index, err := f.Index()
	if err != nil {
		return nil, err
	}
	parts := []part{{indexName, index}}
	for i, d := range f.Documents {
		parts = append(parts, part{documentName(i), d.Content})
	}
	f.Parts = nil
	for _, p := range parts {
		sum := sha256.Sum256(p.content)
		f.Parts = append(f.Parts, Part{p.name, int64(len(p.content)), hex.EncodeToString(sum[:])})
	}
	signed, err := note.Sign(&note.Note{Text: f.text()}, key.signer)
	if err != nil {
		return nil, errors.New("the manifest could not be signed")
	}
	return archive(append([]part{{manifestName, signed}}, parts...), f.Made)
}

// Index is who the file is about and what is in it, as JSON.
func (f File) Index() ([]byte, error) { return json.MarshalIndent(f, "", "  ") }

type part struct {
	name    string
	content []byte
}

func documentName(i int) string { return fmt.Sprintf("documents/%04d", i+1) }

func archive(parts []part, made time.Time) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: made.UTC()})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(p.content); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// Open reads a file that the school of a verifier key handed to another school. It
// takes nothing that the manifest does not name, and nothing that differs from it.
func Open(raw []byte, from Verifier, to events.AgencyID) (File, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return File{}, errors.New("this is no child protection file: it is not a zip archive, or damaged")
	}
	m, err := manifestOf(z, from)
	if err != nil {
		return File{}, err
	}
	if m.To != to {
		return File{}, errors.New("this file is for another school: the manifest names who it is for")
	}
	parts, err := m.unpack(z)
	if err != nil {
		return File{}, err
	}
	return m.file(parts)
}

// manifestOf is the manifest of an archive, signed by a school.
func manifestOf(z *zip.Reader, from Verifier) (Manifest, error) {
	if len(z.File) == 0 || z.File[0].Name != manifestName {
		return Manifest{}, errors.New("this is no child protection file: its manifest is missing")
	}
	signed, err := read(z.File[0], 1<<20)
	if err != nil {
		return Manifest{}, errors.New("the manifest is damaged")
	}
	return ReadManifest(signed, from)
}

// unpack reads what the manifest names, and finds that there is nothing else.
func (m Manifest) unpack(z *zip.Reader) ([][]byte, error) {
	if len(z.File) != len(m.Parts)+1 {
		return nil, errors.New("the archive does not hold just what its manifest names")
	}
	var out [][]byte
	for i, p := range m.Parts {
		f := z.File[i+1]
		if f.Name != p.Name {
			return nil, errors.New("the archive does not hold just what its manifest names")
		}
		content, err := read(f, p.Size)
		sum := sha256.Sum256(content)
		if err != nil || int64(len(content)) != p.Size || hex.EncodeToString(sum[:]) != p.SHA256 {
			return nil, fmt.Errorf("%s is not what its manifest says: it was changed or damaged on the way", p.Name)
		}
		out = append(out, content)
	}
	return out, nil
}

// read reads at most one byte more than it should be.
func read(f *zip.File, size int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, size+1))
}

// file puts the parts together.
func (m Manifest) file(parts [][]byte) (File, error) {
	f := File{Manifest: m}
	d := json.NewDecoder(bytes.NewReader(parts[0]))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil || len(f.Documents) != len(parts)-1 {
		return File{}, errors.New("file.json does not list the documents that are there")
	}
	for i := range f.Documents {
		f.Documents[i].Content = parts[i+1]
	}
	return f, f.check()
}

// check finds what a school could not use, or should not trust.
func (f File) check() error {
	total := 0
	if len(f.Documents) == 0 || len(f.Documents) > mostDocuments {
		return fmt.Errorf("a file holds 1 to %d documents", mostDocuments)
	}
	if strings.TrimSpace(f.Child.Given) == "" || strings.TrimSpace(f.Child.Family) == "" {
		return errors.New("the file does not say whom it is about: given and family name are needed")
	}
	if _, err := time.Parse(time.DateOnly, string(f.Child.DateOfBirth)); err != nil {
		return errors.New("the child's dateOfBirth is no day, such as 2016-04-30")
	}
	if f.Child.UPN != "" && !events.ValidUPN(f.Child.UPN) {
		return errors.New("the child's upn has not the right check letter")
	}
	for i, d := range f.Documents {
		if !plainName(d.Name) {
			return fmt.Errorf("document %d: its name must be one of 1 to 150 characters without slashes and control characters, and not begin with a dot", i+1)
		}
		if total += len(d.Content); total > mostBytes {
			return fmt.Errorf("a file holds at most %d MiB", mostBytes>>20)
		}
	}
	return f.Manifest.check()
}

// plainName reports whether a document may be written under its name anywhere.
func plainName(n string) bool {
	return n != "" && len([]rune(n)) <= 150 && n[0] != '.' && !strings.ContainsFunc(n, func(r rune) bool {
		return strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) || r == unicode.ReplacementChar
	})
}
