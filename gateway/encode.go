package gateway

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"

	"kith/services/disclosure"
)

// Everything that leaves the gateway as a body is encoded in this file, in one of
// two ways. What is about a person comes as a Disclosed and knows how to write
// itself; what is about nobody is marked open, type by type. TestOnlyEncodeEncodes
// sees that no other file encodes or renders anything, and TestOpenIsAboutNobody
// that no open type holds one of the vocabulary's types for people.

// open marks a body that is about nobody in particular.
type open interface{ open() }

// writeDisclosed answers with personal data, as JSON.
func writeDisclosed(w http.ResponseWriter, status int, v disclosure.Encodable) error {
	return writeDisclosedAs(w, status, jsonType, v)
}

// writeFHIR answers with personal data that is FHIR.
func writeFHIR(w http.ResponseWriter, v disclosure.Encodable) error {
	return writeDisclosedAs(w, http.StatusOK, "application/fhir+json", v)
}

func writeDisclosedAs(w http.ResponseWriter, status int, contentType string, v disclosure.Encodable) error {
	body, err := v.MarshalJSON()
	if err != nil {
		return fmt.Errorf("encode a disclosed answer: %w", err)
	}
	return write(w, status, contentType, body)
}

// showDisclosed answers with personal data, as a page.
func showDisclosed[T any](g *Gateway, w http.ResponseWriter, status int, page string, d disclosure.Disclosed[T]) error {
	var b bytes.Buffer
	if err := d.Render(&b, g.pages[page]); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	return write(w, status, htmlType, b.Bytes())
}

// writeCSV answers with personal data as a spreadsheet.
func writeCSV(w http.ResponseWriter, d disclosure.Disclosed[[][]string]) error {
	var b bytes.Buffer
	if err := d.Render(&b, spreadsheet{}); err != nil {
		return fmt.Errorf("write a spreadsheet: %w", err)
	}
	w.Header().Set("Content-Disposition", `attachment; filename="who-looked.csv"`)
	return write(w, http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

// spreadsheet writes rows as CSV (RFC 4180). What a spreadsheet would take for a
// formula begins with an apostrophe.
type spreadsheet struct{}

// Execute implements disclosure.Template.
func (spreadsheet) Execute(w io.Writer, data any) error {
	rows, ok := data.([][]string)
	if !ok {
		return errors.New("a spreadsheet is made of rows")
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeOpen answers with what is about nobody, as JSON.
func writeOpen(w http.ResponseWriter, status int, contentType string, v open) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	return write(w, status, contentType, body)
}

// page answers with what is about nobody, or with what the caller typed, as a page.
func (g *Gateway) page(w http.ResponseWriter, status int, name string, v open) error {
	var b bytes.Buffer
	if err := render(&b, g.pages[name], v); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return write(w, status, htmlType, b.Bytes())
}

func render(b *bytes.Buffer, t *template.Template, v open) error { return t.Execute(b, v) }

const (
	htmlType = "text/html; charset=utf-8"
	jsonType = "application/json"
)

// write sends a whole body: nothing is sent before all of it could be encoded.
func write(w http.ResponseWriter, status int, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	return nil
}

// writeArchive answers with a copy as a file. Its name says nothing about anybody.
func writeArchive[T any](w http.ResponseWriter, d disclosure.Disclosed[T], t disclosure.Template) error {
	var b bytes.Buffer
	if err := d.Render(&b, t); err != nil {
		return fmt.Errorf("write a copy: %w", err)
	}
	w.Header().Set("Content-Disposition", `attachment; filename="copy.zip"`)
	return write(w, http.StatusOK, "application/zip", b.Bytes())
}
