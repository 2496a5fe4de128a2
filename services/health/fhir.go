package health

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"kith/services/internal/native"
)

// The parts of FHIR R4 that a Bundle of an attendance needs, and no more.

type bundle struct {
	ResourceType string  `json:"resourceType"`
	Type         string  `json:"type"`
	Timestamp    string  `json:"timestamp"`
	Meta         meta    `json:"meta"`
	Entry        []entry `json:"entry"`
}

type entry struct {
	FullURL  string         `json:"fullUrl"`
	Resource jsontext.Value `json:"resource"`
}

// resource is what every resource has, and where it lies in the Bundle.
type resource struct {
	at, url      string
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	Meta         meta   `json:"meta"`
}

type encounter struct {
	resource
	Status          string           `json:"status"`
	Class           coding           `json:"class"`
	Subject         reference        `json:"subject"`
	Period          period           `json:"period"`
	ReasonCode      []concept        `json:"reasonCode"`
	ServiceProvider reference        `json:"serviceProvider"`
	Participant     []participant    `json:"participant"`
	Hospitalization hospitalization  `json:"hospitalization"`
	Contained       []jsontext.Value `json:"contained"`
}

type participant struct {
	Individual reference `json:"individual"`
}

type hospitalization struct {
	DischargeDisposition concept `json:"dischargeDisposition"`
}

type patient struct {
	resource
	Identifier []identifier  `json:"identifier"`
	Name       []humanName   `json:"name"`
	Gender     string        `json:"gender"`
	BirthDate  string        `json:"birthDate"`
	Address    []fhirAddress `json:"address"`
}

type relatedPerson struct {
	resource
	Relationship []concept `json:"relationship"`
}

type organization struct {
	resource
	Name    string    `json:"name"`
	Telecom []telecom `json:"telecom"`
}

type identifier struct {
	System    string      `json:"system"`
	Value     string      `json:"value"`
	Extension []extension `json:"extension"`
}

type extension struct {
	URL     string  `json:"url"`
	Concept concept `json:"valueCodeableConcept"`
}

type humanName struct {
	Use    string   `json:"use"`
	Family string   `json:"family"`
	Given  []string `json:"given"`
}

type fhirAddress struct {
	Use        string   `json:"use"`
	Line       []string `json:"line"`
	City       string   `json:"city"`
	PostalCode string   `json:"postalCode"`
}

type telecom struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type meta struct {
	LastUpdated string   `json:"lastUpdated"`
	Security    []coding `json:"security"`
}

type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type reference struct {
	Reference string `json:"reference"`
	Display   string `json:"display"`
}

type coding struct {
	Code    string `json:"code"`
	Display string `json:"display"`
}

type concept struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text"`
}

// words is the concept in words: its text, or what its first code displays.
func (c concept) words() string {
	if c.Text != "" || len(c.Coding) == 0 {
		return c.Text
	}
	return c.Coding[0].Display
}

// confidential reports whether the resource carries a confidentiality code.
func (m meta) confidential(code string) bool {
	for _, s := range m.Security {
		if s.Code == code {
			return true
		}
	}
	return false
}

// is reports whether what another resource refers to is this one: by its full
// URL, by its type and id, or by its id alone if it is contained there.
func (r resource) is(ref string, from resource) bool {
	if ref == "" || r.ID == "" && ref != r.url {
		return false
	}
	if strings.HasPrefix(ref, "#") {
		return ref == "#"+r.ID && strings.HasPrefix(r.at, from.at+"/contained/")
	}
	local := r.ResourceType + "/" + r.ID
	return ref == r.url || ref == local || strings.HasSuffix(ref, "/"+local)
}

// contents are the resources of a Bundle, by kind; other kinds are left alone.
type contents struct {
	patients      []patient
	encounters    []encounter
	related       []relatedPerson
	organizations []organization
}

func (b bundle) contents(f *native.Form) contents {
	var c contents
	for i, e := range b.Entry {
		if len(e.Resource) > 0 {
			c.add(f, fmt.Sprintf("/entry/%d/resource", i), e.FullURL, e.Resource)
		}
	}
	for _, e := range c.encounters {
		for i, raw := range e.Contained {
			c.add(f, fmt.Sprintf("%s/contained/%d", e.at, i), "", raw)
		}
	}
	return c
}

func (c *contents) add(f *native.Form, at, url string, raw jsontext.Value) {
	head, err := native.Read[resource](raw)
	if err != nil {
		f.Within(at, err)
		return
	}
	switch head.ResourceType {
	case "Patient":
		p, err := native.Read[patient](raw)
		f.Within(at, err)
		p.at, p.url = at, url
		c.patients = append(c.patients, p)
	case "Encounter":
		e, err := native.Read[encounter](raw)
		f.Within(at, err)
		e.at, e.url = at, url
		c.encounters = append(c.encounters, e)
	case "RelatedPerson":
		r, err := native.Read[relatedPerson](raw)
		f.Within(at, err)
		r.at, r.url = at, url
		c.related = append(c.related, r)
	case "Organization":
		o, err := native.Read[organization](raw)
		f.Within(at, err)
		o.at, o.url = at, url
		c.organizations = append(c.organizations, o)
	}
}
