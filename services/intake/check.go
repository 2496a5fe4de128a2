package intake

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"kith/events"
)

// Check says what is wrong with the data of an event that an agency of a kind
// wants to publish: nothing if it would be accepted. Pointers are into the
// CloudEvent. It needs neither the hub nor a network, so that an agency can
// check its own events with it.
func Check(kind events.AgencyKind, t events.Type, data []byte) []events.Complaint {
	_, problems := check(kind, t, data)
	return problems
}

// check is Check, and the report if there is nothing to complain of. The document
// is validated as it came: no field may stand twice and none is open to unknown
// fields, so that what is validated and what is decoded cannot differ.
func check(kind events.AgencyKind, t events.Type, data []byte) (events.Report, []events.Complaint) {
	con, err := compiled()
	if err != nil {
		return events.Report{}, complain(Schema, "", "the hub's own schemas are broken") // New refuses to start then
	}
	s := con.of[t]
	if s == nil {
		return events.Report{}, complain(UnknownType, "/type", "is not a type that an agency may publish; yours are "+strings.Join(typesOf(kind), ", "))
	}
	if t.Family() != string(kind) {
		return events.Report{}, complain(WrongAgency, "/type", "is a type of another kind of agency: yours are those that begin with uk.kith."+string(kind)+".")
	}
	if len(data) == 0 {
		return events.Report{}, complain(Schema, "/data", "is required and missing")
	}
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		return events.Report{}, unreadable(err)
	}
	if q := con.quick[t]; q == nil || !q.fits(doc) {
		if err := s.Validate(doc); err != nil {
			return events.Report{}, con.complaints(err)
		}
	}
	return decode(t, data)
}

// typesOf lists what agencies of a kind may publish.
func typesOf(kind events.AgencyKind) (names []string) {
	for t := range events.FactTypes() {
		if t.Family() == string(kind) {
			names = append(names, string(t))
		}
	}
	slices.Sort(names)
	return names
}

// decode reads what the schema found right. What is left are numbers that a
// schema takes for whole and the vocabulary does not, such as 1e2.
func decode(t events.Type, data []byte) (events.Report, []events.Complaint) {
	r, err := events.DecodeReportWith(read, t, data)
	if err != nil {
		return events.Report{}, complain(Schema, "/data", "must hold whole numbers without a decimal point or an exponent")
	}
	return r, append(unseen(r.About), twice(r.About)...)
}

// read is the reader with which the document was validated. It is stricter than
// that of the standard library, and takes half of its time: a member in another
// case is an unknown one, and none may stand twice.
func read(data []byte, into any) error {
	return json.Unmarshal(data, into, json.RejectUnknownMembers(true))
}

// unseen finds local ids with characters that nobody sees: two that look the
// same would be two people. Letters of any alphabet are allowed, for they are
// one agency's own and may be made of names.
func unseen(about []events.Person) (problems []events.Complaint) {
	for i, p := range about {
		if strings.TrimSpace(p.LocalID) != p.LocalID || strings.ContainsFunc(p.LocalID, invisible) {
			problems = append(problems, events.Complaint{Code: Schema, Pointer: "/data/about/" + strconv.Itoa(i) + "/localId",
				Detail: "must not begin or end with a space, nor hold characters that cannot be seen: zero-width ones, marks of direction, spaces other than the common one"})
		}
	}
	return problems
}

func invisible(r rune) bool {
	const blankBraille = 0x2800
	return !unicode.IsPrint(r) || r == blankBraille || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// twice finds people who are named more than once: each has one item of a report.
func twice(about []events.Person) (problems []events.Complaint) {
	seen := map[string]bool{}
	for i, p := range about {
		if seen[p.LocalID] {
			problems = append(problems, events.Complaint{Code: Schema, Pointer: "/data/about/" + strconv.Itoa(i) + "/localId",
				Detail: "names a person who is already in the list: each person stands in it once"})
		}
		seen[p.LocalID] = true
	}
	return problems[:min(len(problems), most)]
}

// unreadable turns the error of the JSON reader into a complaint without its
// text, which may hold a value.
func unreadable(err error) []events.Complaint {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return complain(Malformed, "/data", "must be JSON in UTF-8")
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return complain(DuplicateKey, "/data"+safePointer(syntax.JSONPointer), "must be given once")
	}
	return complain(Malformed, "/data", "must be one JSON document in UTF-8, and nothing after it")
}

// safePointer stops before a name that is not one of a field: it could be
// anything, a person's name too.
func safePointer(p jsontext.Pointer) string {
	safe := jsontext.Pointer("")
	for token := range p.Tokens() {
		if !nameable(token) {
			break
		}
		safe = safe.AppendToken(token)
	}
	return string(safe)
}

func complain(code, pointer, detail string) []events.Complaint {
	return []events.Complaint{{Code: code, Pointer: pointer, Detail: detail}}
}

// complaints turns the tree of a validation error into a list.
func (c *contract) complaints(err error) []events.Complaint {
	var tree *jsonschema.ValidationError
	if !errors.As(err, &tree) {
		return complain(Schema, "/data", "does not fit the schema of its type")
	}
	return tidy(c.flatten(tree, nil))
}
