package telemetry

import "regexp"

// withheld stands where a value was that no list names.
const withheld = "withheld"

// tooLong is where a value of an allowed key stops looking like what the key
// is for and starts looking like a document.
const tooLong = 240

// spanKeys and logKeys are the two lists. A key belongs here if its value comes
// from the program, from configuration, or is an opaque name; a URL, a path, a
// query, a message body and what a person typed do not. Both are switches, so
// that nothing can add to them while the program runs.
func spanKeys(key string) bool {
	switch key {
	case "http.request.method", "http.route", "http.response.status_code",
		"messaging.system", "messaging.operation.name", "messaging.operation.type", "messaging.batch.message_count",
		"cloudevents.event_type",
		"error.type", "exception.type",
		"kith.agency", "kith.kind", "kith.outcome", "kith.code", "kith.count", "kith.items", "kith.position",
		"kith.projection", "kith.purpose":
		return true
	}
	return false
}

func logKeys(key string) bool {
	switch key {
	case "time", "level", "msg", "service",
		"agency", "kind", "type", "code", "outcome", "purpose", "role", "rule", "what",
		"position", "revision", "stream", "projection", "count", "depth", "attempt",
		"method", "route", "status", "duration", "wait", "trace", "span", "reference",
		"addr", "admin", "file", "dir", "version", "error", "complaint", "panic", "at":
		return true
	}
	return false
}

// quoted is what parsers put into the text of an error: a value in quotes, or a
// long run of digits.
var quoted = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"?|`[^`]*`?|[0-9][0-9-]{5,}")

// scrub takes out of an error's text what somebody may have sent: JSON, time
// and number errors quote the value that they could not read.
func scrub(text string) string {
	text = quoted.ReplaceAllLiteralString(text, "«withheld»")
	return text[:min(len(text), tooLong)]
}
