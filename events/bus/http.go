package bus

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
)

// FromHTTP reads the CloudEvents of one HTTP request: binary, structured or a
// batch. Every element of a batch becomes a structured message that has exactly
// the bytes it had in the batch. The messages are not decoded yet, so that one
// that is malformed does not stop the others. The error is a *Malformed.
func FromHTTP(h http.Header, body []byte) ([]Message, error) {
	if len(h.Values(contentType)) > 1 {
		return nil, refuse("", "Content-Type must be given once")
	}
	t, params, err := mime.ParseMediaType(h.Get(contentType))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		t = ""
	}
	if set := params["charset"]; strings.HasPrefix(t, cloudEvents) && set != "" && !strings.EqualFold(set, "utf-8") {
		return nil, refuse("", "the message must be in UTF-8")
	}
	switch {
	case t == typeBatch:
		return batch(body)
	case t == typeStructured:
		return []Message{{Header: map[string][]string{contentType: {h.Get(contentType)}}, Body: body}}, nil
	case strings.HasPrefix(t, cloudEvents):
		return nil, refuse("", "only the JSON format of CloudEvents is understood: application/cloudevents+json or application/cloudevents-batch+json")
	default:
		if h.Get(attributeBegin+"datacontenttype") != "" {
			return nil, refuse("datacontenttype", "must be given as Content-Type, and not in a header of its own")
		}
		return []Message{fromBinary(h, body)}, nil
	}
}

func batch(body []byte) ([]Message, error) {
	var elements []json.RawMessage
	if json.Unmarshal(body, &elements) != nil || elements == nil {
		return nil, refuse("", "a batch must be a JSON array of CloudEvents, and nothing after it")
	}
	ms := make([]Message, len(elements))
	for i, e := range elements {
		ms[i] = Message{Header: map[string][]string{contentType: {typeStructured}}, Body: e}
	}
	return ms, nil
}

// fromBinary turns the HTTP headers of a binary event into those of NATS, where
// the content type of the data is an attribute like all others. A request
// without any attribute is handed on with its body alone.
func fromBinary(h http.Header, body []byte) Message {
	m := Message{Header: map[string][]string{}, Body: body}
	for name, values := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, attributeBegin) {
			m.Header[lower] = append(m.Header[lower], values...)
		}
	}
	if len(m.Header) > 0 && h.Get(contentType) != "" {
		m.Header[attributeBegin+"datacontenttype"] = []string{percentEncode(h.Get(contentType))}
	}
	return m
}

// unquote removes the double quotes of a quoted string (RFC 9110 section
// 5.6.4), which senders of older versions of the binding put around values.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
