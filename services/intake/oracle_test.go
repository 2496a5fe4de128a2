package intake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kith/events"
	"kith/events/bus"
)

// oracle says whether a message of the type missing-episode should be accepted.
// It shares nothing with intake: it has another JSON reader, and the rules of
// the envelope and of the schema stand here a second time, written by hand from
// the specification and from schemas/common.v1.json. It is slow and plain.
type oracle struct {
	now      time.Time
	agencies map[events.AgencyID]events.Agency
}

func (o oracle) should(agency events.AgencyID, m bus.Message) bool {
	a, known := o.agencies[agency]
	attrs, data, ok := envelope(m)
	if !known || !ok || len(m.Body) > 256<<10 {
		return false
	}
	for _, name := range []string{"specversion", "id", "source", "type"} {
		if s, is := attrs[name].(string); !is || strings.TrimSpace(s) == "" {
			return false
		}
	}
	switch {
	case attrs["specversion"] != "1.0",
		attrs["source"] != a.Source,
		attrs["type"] != "uk.kith.police.missing-episode.v1",
		a.Kind != events.KindPolice,
		m.Subject != "" && m.Subject != "events.police.missing-episode",
		!regexp.MustCompile(`^[!-~]([ -~]{0,198}[!-~])?$`).MatchString(attrs["id"].(string)):
		return false
	}
	doc, ok := readJSON(data)
	return ok && missingEpisode(o.now)(doc)
}

// envelope reads the attributes and the bytes of the data.
func envelope(m bus.Message) (attrs map[string]any, data []byte, ok bool) {
	h := map[string][]string{}
	for k, vs := range m.Header {
		h[strings.ToLower(k)] = append(h[strings.ToLower(k)], vs...)
	}
	if len(h["content-type"]) > 1 {
		return nil, nil, false
	}
	ct := strings.Join(h["content-type"], "")
	bin := false
	for k := range h {
		bin = bin || len(k) > 3 && strings.HasPrefix(k, "ce-")
	}
	if strings.HasPrefix(strings.ToLower(ct), "application/cloudevents") || !bin {
		if strings.HasPrefix(strings.ToLower(ct), "application/cloudevents") && !regexp.MustCompile(`(?i)^application/cloudevents\+json *(; *charset="?utf-8"?)?$`).MatchString(ct) {
			return nil, nil, false
		}
		return fromJSON(m.Body)
	}
	attrs = map[string]any{}
	for k, vs := range h {
		if name, is := strings.CutPrefix(k, "ce-"); is {
			v, err := url.PathUnescape(vs[0])
			if len(vs) != 1 || err != nil || strings.HasPrefix(vs[0], `"`) || name == "data" {
				return nil, nil, false
			}
			attrs[name] = v
		}
	}
	if _, given := attrs["datacontenttype"]; !given && ct != "" {
		attrs["datacontenttype"] = ct
	}
	return attrs, m.Body, attributesFit(attrs) && jsonType(attrs)
}

func fromJSON(body []byte) (attrs map[string]any, data []byte, ok bool) {
	doc, ok := readJSON(body)
	attrs, isObject := doc.(map[string]any)
	if !ok || !isObject {
		return nil, nil, false
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal(body, &raw) != nil {
		return nil, nil, false
	}
	if s, is := attrs["data_base64"].(string); is {
		b, err := base64.StdEncoding.DecodeString(s)
		if _, both := attrs["data"]; both || err != nil || strings.ContainsAny(s, "\r\n") || base64.StdEncoding.EncodeToString(b) != s {
			return nil, nil, false
		}
		raw["data"] = b
	} else if attrs["data_base64"] != nil {
		return nil, nil, false
	}
	delete(attrs, "data_base64")
	delete(attrs, "data")
	return attrs, raw["data"], attributesFit(attrs) && jsonType(attrs)
}

func attributesFit(attrs map[string]any) bool {
	for name, v := range attrs {
		if !regexp.MustCompile(`^[a-z0-9]{1,40}$`).MatchString(name) {
			return false
		}
		core := strings.Contains(" specversion id source type subject time datacontenttype dataschema ", " "+name+" ")
		switch v := v.(type) {
		case nil:
		case bool:
			if core {
				return false
			}
		case json.Number:
			if _, err := fmt.Sscanf(v.String(), "%d", new(int32)); err != nil || core || !regexp.MustCompile(`^-?[0-9]+$`).MatchString(v.String()) {
				return false
			}
		case string:
			if !textFits(v) || !valueFits(name, v) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func textFits(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Noncharacter_Code_Point, r) {
			return false
		}
	}
	return true
}

func valueFits(name, v string) bool {
	switch name {
	case "subject":
		return strings.TrimSpace(v) != ""
	case "time":
		return momentFits(strings.ToUpper(v))
	case "dataschema":
		u, err := url.Parse(v)
		return err == nil && u.IsAbs() && regexp.MustCompile(`^[!#$&-;=?-Z_a-z~\[\]%]+$`).MatchString(v) && strings.Count(v, "#") < 2
	case "datacontenttype":
		t, _, err := mime.ParseMediaType(v)
		return err == nil && strings.Contains(t, "/")
	default:
		return true
	}
}

// jsonType: data of another media type is no report.
func jsonType(attrs map[string]any) bool {
	t, given := attrs["datacontenttype"].(string)
	if !given {
		return true
	}
	t, _, _ = strings.Cut(strings.ToLower(t), ";")
	return regexp.MustCompile(`^[^/]+/([^/]+\+)?json$`).MatchString(strings.TrimSpace(t))
}

// readJSON reads one document with the standard library's tokens, and refuses
// what that passes over: names given twice, half of a surrogate pair, depth.
func readJSON(b []byte) (any, bool) {
	if !utf8.Valid(b) || regexp.MustCompile(`(?i)\\ud[89a-f]`).Match(b) && !json.Valid(b) {
		return nil, false
	}
	if loneSurrogate(b) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return nil, false
	}
	_, err = d.Token()
	return v, err == io.EOF
}

// loneSurrogate compares with what the reader would put in its place.
func loneSurrogate(b []byte) bool {
	for _, m := range regexp.MustCompile(`(?:\\u[0-9a-fA-F]{4})+`).FindAllIndex(b, -1) {
		if back := len(b[:m[0]]) - len(bytes.TrimRight(b[:m[0]], `\`)); back%2 == 1 {
			continue // an escaped backslash
		}
		var s string
		if json.Unmarshal([]byte(`"`+string(b[m[0]:m[1]])+`"`), &s) == nil &&
			strings.Count(s, "\ufffd") != len(regexp.MustCompile(`(?i)\\ufffd`).FindAll(b[m[0]:m[1]], -1)) {
			return true
		}
	}
	return false
}

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil || depth > 1000 {
		return nil, fmt.Errorf("too deep, or %w", err)
	}
	switch t {
	case json.Delim('{'):
		o := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			if _, twice := o[name.(string)]; twice {
				return nil, fmt.Errorf("a name twice")
			}
			if o[name.(string)], err = readValue(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return o, err
	case json.Delim('['):
		l := []any{}
		for d.More() {
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		_, err := d.Token()
		return l, err
	}
	return t, nil
}

// rule says whether a value may stand at a place.
type rule func(any) bool

func object(required string, fields map[string]rule) rule {
	return func(v any) bool {
		o, ok := v.(map[string]any)
		for _, name := range strings.Fields(required) {
			if _, there := o[name]; !there {
				return false
			}
		}
		for name, v := range o {
			if fields[name] == nil || !fields[name](v) {
				return false
			}
		}
		return ok
	}
}

func listOf(least, most int, each rule) rule {
	return func(v any) bool {
		l, ok := v.([]any)
		for _, e := range l {
			ok = ok && each(e)
		}
		return ok && len(l) >= least && len(l) <= most
	}
}

func text(most int) rule {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && strings.Trim(s, "\t\n\f\r ") != "" && utf8.RuneCountInString(s) <= most
	}
}

func oneOf(values string) rule {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && s != "" && !strings.Contains(s, " ") && strings.Contains(" "+values+" ", " "+s+" ")
	}
}

func day(v any) bool {
	s, ok := v.(string)
	_, err := time.Parse(time.DateOnly, s)
	return ok && err == nil && len(s) == 10
}

func momentFits(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil && regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`).MatchString(s)
}

func moment(v any) bool {
	s, ok := v.(string)
	return ok && momentFits(s)
}

func notAfter(latest time.Time) rule {
	return func(v any) bool {
		if !moment(v) {
			return false
		}
		t, _ := time.Parse(time.RFC3339, v.(string))
		return !t.After(latest)
	}
}

func truth(v any) bool { _, ok := v.(bool); return ok }

func both(rs ...rule) rule {
	return func(v any) bool {
		for _, r := range rs {
			if !r(v) {
				return false
			}
		}
		return true
	}
}

// at is the value of a field of an object, or nil.
func at(v any, name string) any { o, _ := v.(map[string]any); return o[name] }

func missingEpisode(now time.Time) rule {
	return object("occurredAt recordedAt basis label contact about fact", map[string]rule{
		"occurredAt": notAfter(now.Add(24 * time.Hour)), "recordedAt": notAfter(now.Add(24 * time.Hour)),
		"basis": basis, "label": label,
		"caveats":  both(listOf(0, 5, oneOf("no-guardian third-party police-intelligence legal-privilege originator-controlled")), distinct),
		"informed": both(object("told", map[string]rule{"told": truth, "why": text(2000)}), func(v any) bool { return at(v, "told") != false || at(v, "why") != nil }),
		"voice":    object("words", map[string]rule{"words": text(20000), "heardBy": text(200)}),
		"contact":  object("team", map[string]rule{"team": text(200), "role": text(200), "name": text(200), "phone": text(200)}),
		"about":    both(listOf(1, 50, person), oneChild, eachOnce),
		"fact": object("policeReference missingSince missingFrom circumstances", map[string]rule{"policeReference": text(200),
			"missingSince": moment, "foundAt": moment, "missingFrom": text(200), "circumstances": text(20000)}),
	})
}

func label(v any) bool { return oneOf("involvement core sensitive restricted")(v) }

func basis(v any) bool {
	if !object("article6", map[string]rule{
		"article6":     oneOf("consent legal-obligation vital-interests public-task"),
		"article9":     oneOf("explicit-consent vital-interests substantial-public-interest health-or-social-care"),
		"consentScope": oneOf("early-help"),
		"paragraph18": object("ground necessity subject policyDocument", map[string]rule{
			"ground":    oneOf("consent-cannot-be-given consent-cannot-reasonably-be-obtained obtaining-consent-would-prejudice-protection"),
			"necessity": text(2000), "subject": oneOf("under-18 adult-at-risk"), "policyDocument": text(200)}),
	})(v) {
		return false
	}
	nine, scope, p18 := at(v, "article9"), at(v, "consentScope") != nil, at(v, "paragraph18") != nil
	if at(v, "article6") == "consent" {
		return scope && !p18 && (nine == nil || nine == "explicit-consent")
	}
	return !scope && nine != "explicit-consent" && (nine != "substantial-public-interest" || p18) && (nine == nil || nine == "substantial-public-interest" || !p18)
}

func person(v any) bool {
	localID, _ := at(v, "localId").(string)
	name, ids := at(v, "name"), at(v, "identifiers")
	return object("localId role", map[string]rule{
		"localId": text(200), "role": oneOf("child parent carer victim alleged-perpetrator household-member other"),
		"name":        object("", map[string]rule{"given": text(200), "family": text(200)}),
		"dateOfBirth": day, "sex": oneOf("female male unknown"),
		"identifiers": object("", map[string]rule{}), // none in these messages
		"address":     object("lines label", map[string]rule{"lines": listOf(1, 10, text(200)), "postcode": text(10), "label": label}),
	})(v) && (at(v, "role") != "child" || filled(name) || filled(ids)) && visible(localID)
}

func filled(v any) bool { o, _ := v.(map[string]any); return len(o) > 0 }

func visible(s string) bool {
	for _, r := range s {
		hidden := unicode.In(r, unicode.Cf, unicode.Cc, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point) ||
			unicode.Is(unicode.Zs, r) && r != ' ' || strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r) || r >= 0xfe00 && r <= 0xfe0f ||
			r >= 0x180b && r <= 0x180f || r >= 0xe0000 && r <= 0xe0fff || !unicode.IsOneOf([]*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs}, r)
		if hidden {
			return false
		}
	}
	return strings.Trim(s, " ") == s
}

func distinct(v any) bool {
	seen := map[any]bool{}
	l, _ := v.([]any)
	for _, e := range l {
		if seen[e] {
			return false
		}
		seen[e] = true
	}
	return true
}

func oneChild(v any) bool {
	for _, p := range v.([]any) {
		if at(p, "role") == "child" {
			return true
		}
	}
	return false
}

func eachOnce(v any) bool {
	var ids []any
	for _, p := range v.([]any) {
		ids = append(ids, at(p, "localId"))
	}
	return distinct(ids)
}
