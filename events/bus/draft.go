package bus

import (
	"bytes"
	"encoding/json"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"

	"kith/events"
)

// CodeMalformed is the code of every complaint of the codec: the message is not
// a CloudEvent that anybody could understand.
const CodeMalformed = "malformed"

// Malformed is the error of Decode and FromHTTP. It names attributes and never
// holds a value from the message, so the sender may be shown all of it.
type Malformed struct{ Problems []events.Complaint }

func (m *Malformed) Error() string {
	var b strings.Builder
	b.WriteString("not a CloudEvent")
	for i, p := range m.Problems {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		if p.Pointer != "" {
			b.WriteString(p.Pointer[1:] + " ")
		}
		b.WriteString(p.Detail)
	}
	return b.String()
}

func refuse(attribute, detail string) *Malformed {
	return &Malformed{[]events.Complaint{complaint(attribute, detail)}}
}

// complaint names the attribute, unless its name is one that no attribute can
// have: that could be anything at all.
func complaint(attribute, detail string) events.Complaint {
	c := events.Complaint{Code: CodeMalformed, Detail: detail}
	if nameable(attribute) {
		c.Pointer = "/" + attribute
	}
	return c
}

const longestName = 40 // the specification asks for 20 or fewer

func nameable(s string) bool {
	if s == "data_base64" {
		return true
	}
	return s != "" && len(s) <= longestName && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

// draft is an event while it is read. It gathers all that is wrong rather than
// stop at the first, because every round trip costs the sender a day.
type draft struct {
	ctx            event.EventContextV1
	version        string
	members        []string // names in a structured event, those of nulls too
	seen           []string
	raw, rawBase64 json.RawMessage
	data           []byte
	base64         bool
	problems       []events.Complaint
}

func (d *draft) refuse(attribute, detail string) {
	d.problems = append(d.problems, complaint(attribute, detail))
}

// member takes one member of a structured event.
func (d *draft) member(name string, value json.RawMessage) {
	if slices.Contains(d.members, name) {
		d.refuse(name, "must be given once")
		return
	}
	d.members = append(d.members, name)
	switch {
	case name == "data": // null too: that is a payload, not its absence
		d.raw = value
	case string(value) == "null": // the same as absent
		if !nameable(name) {
			d.refuse("", badName)
		}
	case name == "data_base64":
		d.rawBase64 = value
	case value[0] == '"':
		s, ok := unescaped(value)
		if !ok {
			d.refuse(name, "must be a string")
			return
		}
		d.text(name, s)
	default:
		d.scalar(name, string(value))
	}
}

// unescaped is the text of a JSON string: nearly all have nothing to unescape.
func unescaped(value json.RawMessage) (s string, ok bool) {
	if !bytes.ContainsRune(value, '\\') {
		return string(value[1 : len(value)-1]), true
	}
	return s, json.Unmarshal(value, &s) == nil
}

// scalar takes an extension that is a boolean or a whole number.
func (d *draft) scalar(name, value string) {
	if value == "true" || value == "false" {
		d.extension(name, value == "true")
	} else if n, err := strconv.ParseInt(value, 10, 32); err == nil {
		d.extension(name, int32(n))
	} else {
		d.refuse(name, "must be a string, a boolean or a whole number of 32 bits")
	}
}

func (d *draft) text(name, value string) {
	if !clean(value) {
		d.refuse(name, "must not hold control characters")
		return
	}
	if core(name) {
		if d.first(name) {
			d.attribute(name, value)
		}
		return
	}
	d.extension(name, value)
}

const badName = "an attribute has a name that is not allowed: use at most 40 lower-case letters and digits, and each name once"

func (d *draft) extension(name string, v any) {
	switch {
	case core(name):
		d.refuse(name, "must be a string")
	case core(strings.ToLower(name)):
		d.refuse(strings.ToLower(name), "must be written in lower-case letters")
	case !nameable(name) || name == "data_base64" || name == "data":
		d.refuse("", badName)
	case d.first(name):
		if d.ctx.SetExtension(name, v) != nil {
			d.refuse(name, "has a value that is not allowed")
		}
	}
}

// first reports whether the attribute comes for the first time.
func (d *draft) first(name string) bool {
	if slices.Contains(d.seen, name) {
		d.refuse(name, "must be given once")
		return false
	}
	d.seen = append(d.seen, name)
	return true
}

func core(name string) bool {
	switch name {
	case "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema":
		return true
	default:
		return false
	}
}

func (d *draft) attribute(name, value string) {
	if strings.TrimSpace(value) == "" {
		d.refuse(name, "must not be empty")
		return
	}
	ok := true
	switch name {
	case "specversion":
		d.version, ok = value, value == event.CloudEventsVersionV1
	case "id":
		d.ctx.ID = value
	case "type":
		d.ctx.Type = value
	case "subject":
		d.ctx.Subject = &value
	case "source":
		d.ctx.Source, ok = verbatim(value), uriReference(value)
	case "dataschema":
		d.ctx.DataSchema = types.ParseURI(value)
		ok = d.ctx.DataSchema != nil && d.ctx.DataSchema.Validate() && uriReference(value)
	case "datacontenttype":
		d.ctx.DataContentType, ok = &value, mediaType(value)
	case "time":
		t, moment := events.ParseMoment(strings.ToUpper(value)) // RFC 3339 allows small letters
		year := t.UTC().Year()                                  // written in UTC, it must still have four digits
		d.ctx.Time, ok = &types.Timestamp{Time: t}, moment && year > 0 && year < 10000
	}
	if !ok {
		d.refuse(name, expected(name))
	}
}

func mediaType(s string) bool {
	if s == typeJSON { // as nearly all write it
		return true
	}
	t, _, err := mime.ParseMediaType(s)
	return err == nil && strings.Contains(t, "/")
}

func expected(name string) string {
	switch name {
	case "specversion":
		return `must be "1.0"`
	case "source":
		return "must be a URI reference"
	case "dataschema":
		return "must be an absolute URI"
	case "datacontenttype":
		return "must be a media type, for example application/json"
	default:
		return "must be a time as RFC 3339 writes it, for example 2026-11-23T09:30:00Z"
	}
}

func (d *draft) finish() (event.Event, error) {
	for _, name := range []string{"specversion", "id", "source", "type"} {
		complained := slices.ContainsFunc(d.problems, func(c events.Complaint) bool { return c.Pointer == "/"+name })
		if !complained && !slices.Contains(d.seen, name) {
			d.refuse(name, "is required and missing")
		}
	}
	if len(d.problems) > 0 {
		slices.SortFunc(d.problems, func(a, b events.Complaint) int { return strings.Compare(a.Pointer+a.Detail, b.Pointer+b.Detail) })
		return event.Event{}, &Malformed{slices.Compact(d.problems)}
	}
	return event.Event{Context: &d.ctx, DataEncoded: d.data, DataBase64: d.base64}, nil
}

// clean reports whether s has none of the characters that an attribute must not
// have: controls and code points that are no characters.
func clean(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r >= 0x7f && r <= 0x9f || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe
	})
}
