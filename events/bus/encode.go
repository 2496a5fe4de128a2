package bus

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/go-json-experiment/json/jsontext"
)

// Structured writes an event as one JSON document. The same event always gives
// the same bytes. The SDK's own writer is not used: it writes data of a media
// type like application/fhir+json as a string.
func Structured(e event.Event) (Message, error) {
	as, err := attributesOf(e)
	if err != nil {
		return Message{}, err
	}
	body := append(make([]byte, 0, len(e.DataEncoded)+1024), '{')
	for _, a := range as {
		body = append(body, '"')
		body = append(append(body, a.name...), `":`...)
		body = append(append(body, a.json...), ',')
	}
	if body, err = dataMember(body, e); err != nil {
		return Message{}, err
	}
	body[len(body)-1] = '}' // for the last comma
	return Message{Header: map[string][]string{contentType: {typeStructured + "; charset=utf-8"}}, Body: body}, nil
}

// Binary writes an event with its attributes in headers and its data as body.
func Binary(e event.Event) (Message, error) {
	as, err := attributesOf(e)
	if err != nil {
		return Message{}, err
	}
	h := map[string][]string{}
	if len(e.DataEncoded) > 0 { // the JSON format implies this, headers do not
		h[attributeBegin+"datacontenttype"] = []string{typeJSON}
	}
	for _, a := range as {
		h[attributeBegin+a.name] = []string{percentEncode(a.text)}
	}
	return Message{Header: h, Body: e.DataEncoded}, nil
}

// attribute is one attribute in its canonical text and as a JSON value.
type attribute struct {
	name, text string
	json       []byte
}

// attributesOf lists the attributes of an event: the core ones in a fixed
// order, then extensions by name.
func attributesOf(e event.Event) ([]attribute, error) {
	if e.Context == nil || e.SpecVersion() != event.CloudEventsVersionV1 || e.Validate() != nil {
		return nil, refuse("", "it is not a valid CloudEvent 1.0")
	}
	as := make([]attribute, 0, 12)
	add := func(name, value string) {
		if value != "" {
			as = append(as, attribute{name, value, quote(value)})
		}
	}
	add("specversion", e.SpecVersion())
	add("id", e.ID())
	add("source", e.Source())
	add("type", e.Type())
	add("subject", e.Subject())
	if !e.Time().IsZero() {
		add("time", types.FormatTime(e.Time()))
	}
	add("datacontenttype", e.DataContentType())
	add("dataschema", e.DataSchema())
	ext := e.Extensions() // a copy, each time
	for _, name := range slices.Sorted(maps.Keys(ext)) {
		a, err := extensionOf(name, ext[name])
		if err != nil {
			return nil, err
		}
		as = append(as, a)
	}
	return as, nil
}

func extensionOf(name string, v any) (attribute, error) {
	text, err := types.Format(v)
	if err != nil {
		return attribute{}, refuse(name, "has a value that no CloudEvent may have")
	}
	switch v.(type) {
	case bool, int32:
		return attribute{name, text, []byte(text)}, nil
	default:
		return attribute{name, text, quote(text)}, nil
	}
}

// dataMember appends data as a JSON value, as text or, where it is not text, in
// base64, and a comma. Data that claims to be JSON and is not would break the document, or
// smuggle attributes into it.
func dataMember(body []byte, e event.Event) ([]byte, error) {
	switch {
	case len(e.DataEncoded) == 0:
		return body, nil
	case e.DataBase64, !IsJSON(e.DataContentType()) && !utf8.Valid(e.DataEncoded):
		body = append(append(body, `"data_base64":"`...), base64.StdEncoding.EncodeToString(e.DataEncoded)...)
		return append(body, `",`...), nil
	case !IsJSON(e.DataContentType()):
		return append(append(append(body, `"data":`...), quote(string(e.DataEncoded))...), ','), nil
	case !jsontext.Value(e.DataEncoded).IsValid(jsontext.AllowDuplicateNames(true)): // as strict as what reads it
		return nil, refuse("data", "must be JSON in UTF-8, as datacontenttype says")
	default: // space around it would not come back
		return append(append(append(body, `"data":`...), bytes.Trim(e.DataEncoded, " \t\r\n")...), ','), nil
	}
}

// quote cannot fail: every string has a JSON form. Most attributes are their own.
func quote(s string) []byte {
	if !strings.ContainsFunc(s, escaped) {
		return append(append(append(make([]byte, 0, len(s)+2), '"'), s...), '"')
	}
	b, _ := json.Marshal(s)
	return b
}

// escaped are those that json.Marshal writes otherwise, and some that it does not.
func escaped(r rune) bool {
	return r < ' ' || r > '~' || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
}
