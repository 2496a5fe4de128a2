package socialcare

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/services/internal/native/nativetest"
)

func TestTheCensusNamesWhatIsWrong(t *testing.T) {
	const c1 = "/Message/Children/Child[1]"
	const d = c1 + "/CINdetails[1]"
	for _, c := range []struct{ old, new, want string }{
		{"<Sex>F</Sex>", "<GenderCurrent>2</GenderCurrent>", c1 + "/ChildIdentifiers " + c1 + "/ChildIdentifiers/Sex"},
		{"<ReferralNFA>0<", "<ReferralNFA>false<", d + "/ReferralNFA"},
		{"<ReferralSource>9<", "<ReferralSource> 9<", d + "/ReferralSource"},
		{"<PrimaryNeedCode>N1</PrimaryNeedCode>", "<PrimaryNeedCode>N1</PrimaryNeedCode><PrimaryNeedCode>N1</PrimaryNeedCode>", d + "/PrimaryNeedCode"},
		{"<ReferralSource>9</ReferralSource>\n        <PrimaryNeedCode>N1</PrimaryNeedCode>", "<PrimaryNeedCode>N1</PrimaryNeedCode><ReferralSource>9</ReferralSource>", d + "/ReferralSource"},
		{"<ReferralSource>9</ReferralSource>", "", d + "/ReferralSource"},
		{"2025-09-01", "01/09/2025", d + "/CINreferralDate"},
		{"2026-03-20", "2025-03-20", d + "/CINclosureDate"},
		{"<AssessmentFactors>3B<", "<AssessmentFactors>xyz<", d + "/Assessments[1]/FactorsIdentifiedAtAssessment/AssessmentFactors[2]"},
		{"2025-12-15", "2026-12-15", d + "/ChildProtectionPlans[1]/Reviews/CPPreviewDate[1]"},
		{"<NumberOfPreviousCPP>0<", "<NumberOfPreviousCPP>-1<", d + "/ChildProtectionPlans[1]/NumberOfPreviousCPP"},
		{"B801200005001", "A801200005001", c1 + "/ChildIdentifiers/UPN"},
		{"B801200005001", "xyzzy", c1 + "/ChildIdentifiers/UPN"},
		{"<LAchildID>LA-30071<", "<LAchildID>xyz zy<", c1 + "/ChildIdentifiers/LAchildID"},
		{"<UPN>B801200005001</UPN>", "", "/Message/Children"}, // nobody whom anybody could tell
		{"<Child>\n      <ChildIdentifiers>\n", "<Child xyz=\"zy\">\n      <ChildIdentifiers>\n", c1},
		{"<LEA>999<", "<LEA>99<", "/Message/Header/Source[1]/LEA"},
		{"<Children>", "<Children>xyzzy", "/Message/Children"},
		{"<LEA>999</LEA>", "<LEA>9<xyz>9</xyz>9</LEA>", "/Message/Header/Source[1]/LEA"},
		{"<Message>", "<!DOCTYPE Message [<!ENTITY x \"xyz\">]><Message>", ""},
		{"<LAchildID>LA-30071<", "<LAchildID>&xyz;<", ""},
		{"</Message>", "</Message><xyz/>", ""},
		{"</Message>", "", ""},
		{"Message>", "xyz>", ""},
		{"</Child>\n  </Children>", "</Children>", ""},
		{`encoding="UTF-8"?>`, `encoding="UTF-16"?>`, ""},
	} {
		t.Run(c.new, spoilt{"cin-census.xml", c.old, c.new, c.want}.check)
	}
}

// A document of another kind is not answered with a million places.
func TestTheCensusNamesOnlySoMuch(t *testing.T) {
	raw := strings.Replace(string(nativetest.File(t, "testdata/cin-census.xml")), "<Children>", "<Children>"+strings.Repeat("<Child/>", 10000), 1)
	_, err := Census([]byte(raw))
	if n := len(nativetest.Places(err)); n != mostNamed+1 {
		t.Errorf("%d places", n)
	}
}

// Two of a kind on one day of one episode are two.
func TestTheCensusTellsTwoOfOneDayApart(t *testing.T) {
	raw := string(nativetest.File(t, "testdata/cin-census.xml"))
	plan := "<CINPlanDates><CINPlanStartDate>2026-02-02</CINPlanStartDate></CINPlanDates>"
	once, err := Census([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := Census([]byte(strings.Replace(raw, plan, plan+plan, 1)))
	if err != nil {
		t.Fatal(err, nativetest.Places(err))
	}
	ids := map[string]bool{}
	for _, n := range twice {
		ids[n.ID] = true
	}
	if len(twice) != len(once)+1 || len(ids) != len(twice) {
		t.Errorf("%d notices with %d ids, before %d", len(twice), len(ids), len(once))
	}
}

// xsdNode is an element of an XML schema.
type xsdNode struct {
	XMLName xml.Name
	Name    string    `xml:"name,attr"`
	Type    string    `xml:"type,attr"`
	Base    string    `xml:"base,attr"`
	Value   string    `xml:"value,attr"`
	Min     string    `xml:"minOccurs,attr"`
	Max     string    `xml:"maxOccurs,attr"`
	Parts   []xsdNode `xml:",any"`
}

// TestGrammar compares the grammar, element by element, with the schemas that the
// department published, where KITH_CIN_CENSUS names a folder with them.
func TestGrammar(t *testing.T) {
	dir := os.Getenv("KITH_CIN_CENSUS")
	files, err := filepath.Glob(filepath.Join(dir, "*.xsd"))
	if dir == "" || err != nil || len(files) == 0 {
		t.Skip("SKIPPED: set KITH_CIN_CENSUS to a folder with the XML schemas of the census")
	}
	var ours []string
	lines(cinMessage(), "", &ours)
	for _, file := range files {
		var schema xsdNode
		if err := xml.Unmarshal(nativetest.File(t, file), &schema); err != nil {
			t.Fatal(err)
		}
		named := map[string]xsdNode{}
		for _, p := range schema.Parts {
			named[p.Name] = p
		}
		var theirs []string
		named["Message"].lines(named, "", &theirs)
		for i := range max(len(ours), len(theirs)) {
			a, b := sorted(at(ours, i)), sorted(at(theirs, i))
			if a != b {
				t.Fatalf("%s: ours %s, theirs %s", filepath.Base(file), a, b)
			}
		}
		t.Logf("%s: %d elements agree", filepath.Base(file), len(theirs))
	}
	if _, err := Census(nativetest.File(t, filepath.Join(dir, "sample-2022.xml"))); err == nil {
		t.Error("a return by an older schema was taken")
	} else {
		t.Log("a return of 2022: ", nativetest.Places(err))
	}
}

// sorted puts the codes of a line in order, of which there is none that counts.
func sorted(line string) string {
	words := strings.Fields(line)
	if len(words) > 2 && words[2] != "xs:integer" {
		slices.Sort(words[2:])
	}
	return strings.Join(words, " ")
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "nothing"
}

// lines are an element and its parts: path, how often, and what it may hold.
func lines(e cinElement, path string, out *[]string) {
	path += "/" + e.name
	value := ""
	if e.value != nil {
		value = e.value.xsd + strings.Join(e.value.codes, " ")
	}
	*out = append(*out, fmt.Sprintf("%s %d-%d %s", path, e.least, e.most, value))
	for _, p := range e.parts {
		lines(p, path, out)
	}
}

func (n xsdNode) lines(named map[string]xsdNode, path string, out *[]string) {
	path += "/" + n.Name
	most, least := "1", "1"
	if n.Max != "" {
		most = strings.Replace(n.Max, "unbounded", "0", 1)
	}
	if n.Min != "" {
		least = n.Min
	}
	*out = append(*out, path+" "+least+"-"+most+" ") // its value follows
	own := len(*out) - 1
	kind := n
	if strings.HasPrefix(n.Type, "xs:") {
		(*out)[own] += n.Type
	} else if n.Type != "" {
		kind = named[n.Type]
	}
	kind.inside(func(p xsdNode) {
		switch p.XMLName.Local {
		case "element":
			p.lines(named, path, out)
		case "pattern":
			(*out)[own] += p.Value
		case "enumeration":
			if line := (*out)[own]; !strings.HasSuffix(line, " ") {
				(*out)[own] += " "
			}
			(*out)[own] += p.Value
		case "minInclusive":
			(*out)[own] += "xs:integer from " + p.Value
		}
	})
}

// inside visits what counts in a type, in order, but not what is within elements.
func (n xsdNode) inside(visit func(xsdNode)) {
	for _, p := range n.Parts {
		if slices.Contains([]string{"element", "pattern", "enumeration", "minInclusive"}, p.XMLName.Local) {
			visit(p)
			continue
		}
		p.inside(visit)
	}
}
