package socialcare

import (
	"strconv"
	"strings"
	"time"
)

// cinElement is an element of the children in need census as the department's XML
// schemas of 2025 and 2026 have it; the two differ in words only. TestGrammar
// compares this with them.
type cinElement struct {
	name        string
	least, most int // how often it stands where it may; most is 0 where there is no end
	parts       []cinElement
	value       *cinValue // of an element without parts
}

// cinValue is what an element may hold.
type cinValue struct {
	xsd   string   // the type or pattern it mirrors
	codes []string // if these are all
	fits  func(string) bool
	words string // what to give instead
}

// exact tells codes and patterns, around which no space may stand.
func (v *cinValue) exact() bool { return !strings.HasPrefix(v.xsd, "xs:") }

func cinMessage() cinElement {
	text := &cinValue{"xs:string", nil, func(string) bool { return true }, "text"}
	day := &cinValue{"xs:date", nil, func(s string) bool { return within(time.DateOnly, s) }, "a date, such as 2016-04-30"}
	upn := &cinValue{`[A-Za-z]\d{11}(\d|[A-Za-z])`, nil, likeUPN, "a unique pupil number: a letter, eleven digits, and a digit or a letter"}
	yesNo, category := codes("0", "1"), codes("NEG", "PHY", "SAB", "EMO", "MUL")
	one := func(name string, v *cinValue) cinElement { return cinElement{name, 1, 1, nil, v} }
	may := func(name string, v *cinValue) cinElement { return cinElement{name, 0, 1, nil, v} }
	many := func(name string, v *cinValue) cinElement { return cinElement{name, 1, 0, nil, v} }
	of := func(name string, least, most int, parts ...cinElement) cinElement {
		return cinElement{name, least, most, parts, nil}
	}
	header := of("Header", 0, 1,
		of("CollectionDetails", 0, 1, may("Collection", codes("CIN")),
			may("Year", &cinValue{"xs:gYear", nil, func(s string) bool { return within("2006", s) }, "a year, such as 2026"}), may("ReferenceDate", day)),
		of("Source", 0, 0, may("SourceLevel", codes("L")), one("LEA", digits(3, 3, `\d{3}`)), may("SoftwareCode", text), may("Release", text),
			may("SerialNo", digits(3, 0, `\d{3}\d*`)), may("DateTime", &cinValue{"xs:dateTime", nil, moment, "a date and time, such as 2026-05-23T11:14:05"})))
	identifiers := of("ChildIdentifiers", 1, 1, one("LAchildID", text), may("UPN", upn), may("FormerUPN", upn),
		may("UPNunknown", codes("UN1", "UN2", "UN3", "UN4", "UN5", "UN6", "UN7")), may("PersonBirthDate", day), may("ExpectedPersonBirthDate", day),
		one("Sex", codes("M", "F", "U")), may("PersonDeathDate", day))
	characteristics := of("ChildCharacteristics", 1, 1,
		one("Ethnicity", codes("WBRI", "WIRI", "WIRT", "WOTH", "WROM", "MWBC", "MWBA", "MWAS", "MOTH", "AIND", "APKN", "ABAN", "AOTH",
			"BCRB", "BAFR", "BOTH", "CHNE", "OOTH", "REFU", "NOBT")),
		of("Disabilities", 0, 1, many("Disability", codes("NONE", "MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS", "BEH", "CON", "AUT", "DDA"))))
	details := of("CINdetails", 1, 0, one("CINreferralDate", day), one("ReferralSource", codes(sources()...)),
		may("PrimaryNeedCode", codes(numbered("N", 0, 9)...)), may("CINclosureDate", day), may("ReasonForClosure", codes(numbered("RC", 1, 9)...)),
		may("DateOfInitialCPC", day),
		of("Assessments", 0, 0, one("AssessmentActualStartDate", day), may("AssessmentInternalReviewDate", day), may("AssessmentAuthorisationDate", day),
			of("FactorsIdentifiedAtAssessment", 0, 1, many("AssessmentFactors", codes(factors()...)))),
		of("CINPlanDates", 0, 0, one("CINPlanStartDate", day), may("CINPlanEndDate", day)),
		of("Section47", 0, 0, one("S47ActualStartDate", day), may("InitialCPCtarget", day), may("DateOfInitialCPC", day), one("ICPCnotRequired", yesNo)),
		one("ReferralNFA", yesNo),
		of("ChildProtectionPlans", 0, 0, one("CPPstartDate", day), may("CPPendDate", day), one("InitialCategoryOfAbuse", category),
			one("LatestCategoryOfAbuse", category), one("NumberOfPreviousCPP", digits(1, 0, "xs:integer from 0")),
			of("Reviews", 0, 1, many("CPPreviewDate", day))))
	return of("Message", 1, 1, header, of("Children", 1, 1, of("Child", 1, 0, identifiers, characteristics, details)))
}

// factors are the codes of what may be found at an assessment.
func factors() []string {
	return strings.Fields(`1A 1B 1C 2A 2B 2C 3A 3B 3C 4A 4B 4C 5A 5B 5C 6A 6B 6C 7A 8B 8C 8D 8E 8F 9A 10A 11A 12A 13A 14A 15A 16A 17A
		18A 18B 18C 19A 19B 19C 20 21 22A 23A 24A`)
}

func codes(of ...string) *cinValue {
	fits := func(s string) bool {
		for _, o := range of {
			if s == o {
				return true
			}
		}
		return false
	}
	return &cinValue{"", of, fits, "one of " + strings.Join(of, ", ")}
}

// digits are at least and, unless it is 0, at most so many digits.
func digits(least, most int, xsd string) *cinValue {
	words := "at least " + strconv.Itoa(least) + " digits"
	if least == most {
		words = strconv.Itoa(least) + " digits"
	} else if least == 1 {
		words = "a whole number, 0 or more"
	}
	return &cinValue{xsd, nil, func(s string) bool {
		return len(s) >= least && (most == 0 || len(s) <= most) && strings.Trim(s, "0123456789") == ""
	}, words}
}

func within(layout, s string) bool {
	t, err := time.Parse(layout, s)
	return err == nil && t.Year() >= 1900 && t.Year() <= 2100
}

func moment(s string) bool {
	return within("2006-01-02T15:04:05", s) || within(time.RFC3339, s)
}

// likeUPN is the schema's pattern; whether the check letter is right is another
// question, see events.ValidUPN.
func likeUPN(s string) bool {
	letter := func(c byte) bool { return 'A' <= c&^32 && c&^32 <= 'Z' }
	return len(s) == 13 && letter(s[0]) && strings.Trim(s[1:12], "0123456789") == "" && (letter(s[12]) || s[12] >= '0' && s[12] <= '9')
}
