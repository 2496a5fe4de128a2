package events

import "time"

// ParseMoment reads a date and time with its offset as RFC 3339 writes it. The
// package time takes more: a comma before the fraction, an hour of one digit, an
// offset of a whole day. What two readers could read differently is no moment.
//
// Leap seconds and letters in lower case are RFC 3339 and not taken: nothing in
// this program could hold the one or would write the other.
func ParseMoment(s string) (time.Time, bool) {
	const shape = "0000-00-00T00:00:00"
	if len(s) <= len(shape) {
		return time.Time{}, false
	}
	for i := range len(shape) {
		if digit := s[i] >= '0' && s[i] <= '9'; digit != (shape[i] == '0') || !digit && s[i] != shape[i] {
			return time.Time{}, false
		}
	}
	if c := s[len(shape)]; c == ',' {
		return time.Time{}, false
	}
	if n := len(s) - 6; n >= 0 && (s[n] == '+' || s[n] == '-') && (s[n+1:] > "23:59" || s[n+4] > '5') {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}
