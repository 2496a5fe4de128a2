package health

import (
	"iter"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
	"kith/services/internal/native"
)

const parametersAt = "/entry/0/resource"

// fromSignal translates an event of the Multicast Notification Service in its
// FHIR form: a Bundle of type history that begins with Parameters. What may come
// after them, the record itself, is left alone: it was not asked for.
func fromSignal(raw []byte, top map[string]any) ([]events.Notice, error) {
	f := &native.Form{}
	entries, _ := top["entry"].([]any)
	var parameters map[string]any
	if len(entries) > 0 {
		first, _ := entries[0].(map[string]any)
		parameters, _ = first["resource"].(map[string]any)
	}
	switch {
	case top["resourceType"] != "Bundle":
		f.Wrong("/resourceType", "Bundle")
	case top["type"] != "history" || parameters["resourceType"] != "Parameters":
		f.Wrong("/type", "collection, transaction, batch, message, document or searchset at /fhir; a history is only taken of the Multicast Notification Service, whose first entry is Parameters")
	default:
		if err := fits(f, parametersAt, "Parameters", parameters); err != nil {
			return nil, err
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	var b struct {
		ID    string `json:"id"`
		Entry []struct {
			Resource jsontext.Value `json:"resource"`
		} `json:"entry"`
	}
	if err := decode(raw, &b); err != nil {
		f.Wrong("", "a Bundle with an id that is text")
		return nil, f.Err()
	}
	s := inParameters(read[fhir.Parameters](f, resource{at: parametersAt, raw: b.Entry[0].Resource}))
	for name, at := range s.parts() {
		if at == "" {
			f.Wrong(parametersAt+"/parameter", "a parameter "+name)
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	s.id, s.at.id = b.ID, "/id"
	return s.strictly(f)
}

// inParameters finds the parts of a signal by their names.
func inParameters(p fhir.Parameters) signal {
	var s signal
	for i, top := range p.Parameter {
		for j, x := range top.Part {
			at := parametersAt + "/parameter/" + strconv.Itoa(i) + "/part/" + strconv.Itoa(j)
			switch top.Name + "/" + x.Name {
			case "notification-event/timestamp":
				s.time, s.at.time = value(x.ValueInstant), at+"/valueInstant"
			case "notification-event/focus":
				s.dataRef, s.at.dataRef = value(value(x.ValueReference).Reference), at+"/valueReference/reference"
			case "additional-context/event-type":
				s.kind, s.at.kind = value(x.ValueString), at+"/valueString"
			case "additional-context/source":
				s.source, s.at.source = quoted(value(x.ValueUri)), at+"/valueUri"
			case "additional-context/subject":
				s.subject.NHSNumber, s.at.subject = value(value(value(x.ValueReference).Identifier).Value), at+"/valueReference/identifier/value"
			}
		}
	}
	return s
}

// parts says where each part lies that a signal must have, if it is there.
func (s signal) parts() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		_ = yield("notification-event with a part timestamp", s.at.time) &&
			yield("additional-context with a part event-type", s.at.kind) &&
			yield("additional-context with a part source", s.at.source) &&
			yield("additional-context with a part subject", s.at.subject)
	}
}

// quoted is a source as it stands in the JSON of the other forms.
func quoted(source string) string {
	if source == "" {
		return ""
	}
	b, err := jsontext.AppendQuote(nil, source)
	if err != nil {
		return "" // it is not UTF-8, which cannot come out of a JSON document
	}
	return string(b)
}
