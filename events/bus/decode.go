package bus

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads a CloudEvent as it came over NATS, or as FromHTTP handed it on.
// It takes what the NATS binding of CloudEvents 1.0 allows and, beyond it, what
// the SDKs send: values that are not percent-encoded, a Content-Type header for
// datacontenttype, a structured message without any header.
//
// Data is handed on as it came and is not looked at. The error is a *Malformed.
func Decode(m Message) (event.Event, error) {
	if len(m.all(contentType)) > 1 {
		return event.Event{}, refuse("", "Content-Type must be given once")
	}
	if m.mode() == binary {
		return decodeBinary(m)
	}
	t, params, _ := mime.ParseMediaType(m.get(contentType))
	if set := params["charset"]; set != "" && !strings.EqualFold(set, "utf-8") {
		return event.Event{}, refuse("", "the message must be in UTF-8")
	}
	if strings.HasPrefix(t, cloudEvents) && t != typeStructured {
		return event.Event{}, refuse("", "only the JSON format of CloudEvents is understood, application/cloudevents+json, and batches only over HTTP")
	}
	return decodeStructured(m.Body)
}

func decodeBinary(m Message) (event.Event, error) {
	var d draft
	for name, values := range m.Header {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, attributeBegin) {
			continue
		}
		attr := lower[len(attributeBegin):]
		if len(values) != 1 {
			d.refuse(attr, "must be given once")
			continue
		}
		if v, ok := percentDecode(unquote(values[0])); ok {
			d.text(attr, v)
		} else {
			d.refuse(attr, "must be percent-encoded UTF-8")
		}
	}
	if t := m.get(contentType); t != "" && d.ctx.DataContentType == nil {
		d.text("datacontenttype", t)
	}
	if len(m.Body) > 0 {
		d.data = m.Body
	}
	return d.finish()
}

func decodeStructured(body []byte) (event.Event, error) {
	if !utf8.Valid(body) {
		return event.Event{}, refuse("", "the message must be in UTF-8")
	}
	d := draft{members: make([]string, 0, 16), seen: make([]string, 0, 16)}
	if err := members(body, d.member); err != nil {
		return event.Event{}, refuse("", "the message must be one JSON object, and nothing after it"+where(body, err))
	}
	d.structuredData()
	return d.finish()
}

// where says in which line a message stops being JSON.
func where(body []byte, err error) string {
	bad, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return ""
	}
	return fmt.Sprintf("; look at line %d", 1+bytes.Count(body[:min(int(bad.ByteOffset), len(body))], []byte("\n")))
}

// members hands over each member of a JSON object, also those given twice, so
// that they are seen: encoding/json would take the last one without a word.
func members(body []byte, each func(name string, value json.RawMessage)) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginObject {
		return errors.New("not an object")
	}
	for dec.PeekKind() != jsontext.KindEndObject {
		t, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := t.String()
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		end := int(dec.InputOffset()) // value itself is overwritten by the next read
		each(name, json.RawMessage(body[end-len(value):end:end]))
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return errors.New("data after the end")
	}
	return nil
}

// structuredData reads data once all attributes are known: what it means
// depends on datacontenttype, which may come after it.
func (d *draft) structuredData() {
	switch {
	case d.rawBase64 != nil && d.raw != nil:
		d.refuse("data_base64", "must not be given together with data")
	case d.rawBase64 != nil:
		var s string
		var err error
		if err = json.Unmarshal(d.rawBase64, &s); err == nil {
			d.data, err = base64.StdEncoding.Strict().DecodeString(s)
		}
		if d.base64 = true; err != nil || strings.ContainsAny(s, "\r\n") {
			d.refuse("data_base64", "must be a string in base64")
		}
	case d.raw != nil && d.ctx.DataContentType != nil && !IsJSON(*d.ctx.DataContentType):
		var s string
		if json.Unmarshal(d.raw, &s) != nil || d.raw[0] != '"' {
			d.refuse("data", "must be a string, because datacontenttype is not JSON")
		}
		d.data = []byte(s)
	default:
		d.data = d.raw
	}
}
