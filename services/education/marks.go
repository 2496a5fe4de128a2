package education

import (
	"strings"
	"sync"
	"unicode"
)

// session is what a code of the attendance register means for the figures: School
// Attendance (Pupil Registration) (England) Regulations 2024, and the statutory
// guidance "Working together to improve school attendance".
type session int

const (
	attended session = iota + 1
	authorised
	unauthorised
	notCounted // no possible attendance
)

// codes are all that the register may hold since 19 August 2024.
var codes = sync.OnceValue(func() map[string]session {
	all := map[string]session{}
	for s, of := range map[session]string{
		attended:     `/ \ L B K P V W`,
		authorised:   "C C1 C2 E I J1 M R S T",
		unauthorised: "G N O U",
		notCounted:   "D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z #",
	} {
		for _, c := range strings.Fields(of) {
			all[c] = s
		}
	}
	return all
})

// retired are codes of before that day, whose meaning went to others.
func retired(code string) bool { return code == "H" || code == "J" || code == "Y" || code == "F" }

// figures are what a row of marks adds up to.
type figures struct{ sum, possible, attended, unauthorised int }

// percent is the share of possible sessions that were attended, rounded.
func (n figures) percent() int { return (n.attended*100 + n.possible/2) / n.possible }

// count adds up a row of marks, of which there is one for each session; spaces,
// commas and line breaks between them do not count. It returns what it could not
// read: "retired", "unknown" or nothing.
func count(marks string) (n figures, trouble string) {
	known := codes()
	rest := strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == ',' || r == ';' {
			return -1
		}
		return r
	}, marks))
	for rest != "" {
		code := rest[:1]
		if len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' { // only the codes of two signs have a digit
			code = rest[:2]
		}
		rest = rest[len(code):]
		n.sum++
		switch known[code] {
		case attended:
			n.attended++
			n.possible++
		case authorised:
			n.possible++
		case unauthorised:
			n.unauthorised++
			n.possible++
		case notCounted:
		default:
			if retired(code) {
				return n, "retired"
			}
			return n, "unknown"
		}
	}
	return n, ""
}
