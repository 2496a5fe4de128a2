package health

import (
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// primitive compiles a pattern of HL7's schema. Those of the types that nearly
// every value is of are matched by hand: a regular expression takes a hundred
// times as long, and would take most of the time of reading a record.
func primitive(pattern string) (jsonschema.Regexp, error) {
	switch pattern {
	case `^[ \r\n\t\S]+$`: // string, markdown
		return byHand{pattern, func(s string) bool { return s != "" && !strings.ContainsRune(s, '\f') }}, nil
	case `^\S*$`: // uri, url, canonical
		return byHand{pattern, func(s string) bool { return !strings.ContainsAny(s, space) }}, nil
	case `^[^\s]+(\s[^\s]+)*$`: // code
		return byHand{pattern, isCode}, nil
	}
	return regexp.Compile(pattern)
}

const space = " \t\n\r\f" // what \s is

func isCode(s string) bool {
	blank := true // so that it must not begin with space
	for i := range len(s) {
		now := strings.IndexByte(space, s[i]) >= 0
		if now && blank {
			return false
		}
		blank = now
	}
	return !blank
}

type byHand struct {
	pattern string
	match   func(string) bool
}

func (b byHand) String() string            { return b.pattern }
func (b byHand) MatchString(s string) bool { return b.match(s) }
