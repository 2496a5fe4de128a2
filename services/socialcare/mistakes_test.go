package socialcare

import (
	"errors"
	"strings"
	"testing"

	"kith/services/fault"
	"kith/services/internal/native/nativetest"
)

// What a new integrator gets wrong is answered with words to act on: the exact
// text is what is tested, since it is what he reads.
func TestTypicalMistakesAreAnsweredInTheseWords(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"English date", `"2026-11-20",`, `"20/11/2026",`, "/started Give a date, such as 2016-04-30."},
		{"time without a zone", `12:00:00Z`, `12:00:00`, "/recordedAt Give a date and time with its zone, such as 2026-11-23T08:30:00Z."},
		{"check digit of the NHS number", `9990001014`, `9990001015`, "/child/nhsNumber Give ten digits with the right check digit, or nothing."},
		{"check letter of the UPN", `"nhsNumber": "9990001014"`, `"upn": "A801200005001"`, "/child/upn Give a unique pupil number with the right check letter, or nothing."},
		{"category in words", `"EMO"`, `"Emotional"`, "/category Give one of NEG, PHY, SAB, EMO, MUL."},
		{"no team", `"Safeguarding team"`, `""`, "/contact/team Give some text."},
		{"spaces in the row's number", `"P-77"`, `"P 77"`, "/id Give at most 64 letters, digits and signs, without spaces."},
		{"unknown table", `"protection-plan"`, `"cpp"`, "/record Give one of contact, referral-decision, involvement, section47-enquiry, protection-plan."},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := string(nativetest.File(t, "testdata/row.json"))
			_, err := Record([]byte(strings.Replace(row, c.old, c.new, 1)))
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || len(e.At) != 1 {
				t.Fatalf("got %v %v, want one place", err, nativetest.Places(err))
			}
			if got := e.At[0].Pointer + " " + e.At[0].Detail; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
