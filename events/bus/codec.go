// Package bus is the way between an agency and the hub: CloudEvents over NATS,
// with a signed receipt for each one. It holds both ends of it, the codec and
// the server that the demo and the tests run.
//
// NATS is transport and no more. An agency keeps an event until it holds the
// hub's receipt, so whatever NATS loses is sent again; the hub takes the same
// event any number of times and gives the same receipt.
package bus

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"

	"kith/events"
)

// Message is a CloudEvent as it travels, in structured or binary mode. Names of
// headers are compared without regard to case.
type Message struct {
	Header  map[string][]string
	Body    []byte
	Subject string // on which it came over NATS; empty if it came otherwise
}

const (
	contentType    = "Content-Type"
	cloudEvents    = "application/cloudevents"
	typeStructured = "application/cloudevents+json"
	typeBatch      = "application/cloudevents-batch+json"
	typeJSON       = "application/json"
	attributeBegin = "ce-"
	schemaBase     = "https://kith.uk/schemas/"
)

// NewEvent makes the CloudEvent of a notice. The same notice always gives the
// same event.
func NewEvent(source string, n events.Notice) (event.Event, error) {
	data, err := events.EncodeReport(n.Report)
	if err != nil {
		return event.Event{}, fmt.Errorf("event of a notice: %w", err)
	}
	t := n.Report.Type()
	e := event.New()
	e.SetID(n.ID)
	e.SetSource(source)
	e.SetType(string(t))
	e.SetTime(n.Report.OccurredAt)
	e.SetDataContentType(typeJSON)
	e.SetDataSchema(schemaBase + strings.ReplaceAll(shortType(t), ".", "/") + "." + version(t) + ".json")
	e.SetExtension("recordedtime", types.FormatTime(n.Report.RecordedAt))
	e.DataEncoded = data
	return e, e.FieldErrors["source"]
}

// shortType is "police.missing-episode" of "uk.kith.police.missing-episode.v1".
func shortType(t events.Type) string {
	short := strings.TrimPrefix(string(t), "uk.kith.")
	return strings.TrimSuffix(short, "."+version(t))
}

func version(t events.Type) string { return string(t[strings.LastIndexByte(string(t), '.')+1:]) }

// Digest names a message by what it says: the SHA-256, in hexadecimal, of a
// structured message's bytes, and of the structured form of a binary one. A
// receipt or refusal carries the digest of what it answers.
func Digest(m Message) string {
	if m.mode() == binary {
		if e, err := Decode(m); err == nil {
			if s, err := Structured(e); err == nil {
				return digest(s.Body)
			}
		}
		return digest(m.attributes(), m.Body)
	}
	return digest(m.Body)
}

func digest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Structured reports whether the message is in structured mode, or has to be
// taken for it because no header says otherwise.
func (m Message) Structured() bool { return m.mode() == structured }

type mode int

const (
	structured mode = iota
	binary
)

// mode: structured if the content type says so, else binary if there is any
// attribute in the headers. What has neither is tried as structured, because
// some clients put no header on a structured message.
func (m Message) mode() mode {
	if rank(m.get(contentType)) == 0 {
		return structured
	}
	for name := range m.Header {
		if len(name) > len(attributeBegin) && strings.EqualFold(name[:len(attributeBegin)], attributeBegin) {
			return binary
		}
	}
	return structured
}

func (m Message) get(name string) string {
	if all := m.all(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// all lists the values of a header in all spellings of its name, in order. Of
// several content types the one of a structured message comes first.
func (m Message) all(name string) []string {
	var all []string
	for k, vs := range m.Header {
		if strings.EqualFold(k, name) {
			all = append(all, vs...)
		}
	}
	slices.Sort(all)
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

func rank(contentType string) int {
	if strings.HasPrefix(strings.ToLower(contentType), cloudEvents) {
		return 0
	}
	return 1
}

// attributes lists the headers that make up a binary event, in order, so that
// one that cannot be decoded still has a digest.
func (m Message) attributes() []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, attributeBegin) {
			b = fmt.Appendf(b, "%s: %q\n", lower, m.Header[name])
		}
	}
	return b
}

// IsJSON reports whether data of this content type is written as JSON in a
// structured event; without a content type it is.
func IsJSON(contentType string) bool {
	if contentType == "" || contentType == typeJSON {
		return true
	}
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (strings.HasSuffix(t, "/json") || strings.HasSuffix(t, "+json"))
}
