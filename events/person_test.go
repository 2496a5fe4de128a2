package events_test

import (
	"strings"
	"testing"

	"kith/events"
)

func TestValidNHSNumber(t *testing.T) {
	for s, want := range map[string]bool{
		"9912003888":   true,
		"9434765870":   true,
		"9434765919":   true,
		"9912003889":   false, // check digit
		"9434765807":   false, // digits swapped
		"943476587":    false,
		"94347658700":  false,
		"943 476 5870": false,
		"943476587O":   false,
		"٩٤٣٤٧٦٥٨٧٠":   false, // digits, but not ours
		"":             false,
	} {
		if got := events.ValidNHSNumber(s); got != want {
			t.Errorf("ValidNHSNumber(%q) = %v", s, got)
		}
	}
}

// Of each run of ten numbers with the same first nine digits at most one is
// valid; where the check digit would be 10, none is.
func TestNHSNumberHasOneCheckDigit(t *testing.T) {
	none := 0
	for _, first := range []string{"943476587", "991200388", "400000000", "000000006", "123456789", "999999999"} {
		valid := 0
		for d := range 10 {
			if events.ValidNHSNumber(first + string(rune('0'+d))) {
				valid++
			}
		}
		if valid > 1 {
			t.Errorf("%s has %d check digits", first, valid)
		}
		if valid == 0 {
			none++
		}
	}
	if none == 0 {
		t.Error("the case without a check digit was not met")
	}
}

func TestValidUPN(t *testing.T) {
	for s, want := range map[string]bool{
		"B801200005001":  true,
		"P207000016049":  true,
		"Q207000016049":  false, // guides to the census print it as valid; their sum is one too high
		"A801200005001":  false, // check letter
		"B801200005010":  false, // digits swapped
		"b801200005001":  false,
		"I801200005001":  false, // never a check letter
		"B80120000500":   false,
		"B8012000050011": false,
		"B80120000500I":  false, // never the letter of a temporary number
		"B80120000500É":  false,
		"B8O1200005001":  false,
		"":               false,
	} {
		if got := events.ValidUPN(s); got != want {
			t.Errorf("ValidUPN(%q) = %v", s, got)
		}
	}
}

// The thirteenth character of a temporary number is a letter, which counts as
// its place among the letters that are used.
func TestTemporaryUPN(t *testing.T) {
	const letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
	digits := []int{8, 0, 1, 2, 0, 0, 0, 0, 5, 0, 0}
	for last := range letters {
		sum := last * 13
		for i, d := range digits {
			sum += d * (i + 2)
		}
		rest := "80120000500" + letters[last:last+1]
		for i := range letters {
			if got, want := events.ValidUPN(letters[i:i+1]+rest), i == sum%23; got != want {
				t.Errorf("ValidUPN(%s) = %v", letters[i:i+1]+rest, got)
			}
		}
	}
	if events.ValidUPN("A80120000500" + strings.ToLower("A")) {
		t.Error("a lower-case letter passes")
	}
}
