package education

import (
	"github.com/go-json-experiment/json"

	"kith/events"
	"kith/services/internal/native"
)

// Mapping says how a school's exports differ from what we know: how its columns are
// headed, and whom to call. The zero Mapping is what CPOMS, MyConcern and the usual
// management information systems do.
type Mapping struct {
	Columns map[column]string `json:"columns"` // by what we call them
	Team    string            `json:"team"`
	Phone   string            `json:"phone"`
	Email   string            `json:"email"`
}

// ReadMapping reads a file of columns. What is wrong is named by JSON pointer.
func ReadMapping(raw []byte) (Mapping, error) {
	m, err := native.Read[Mapping](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return Mapping{}, err
	}
	f := &native.Form{}
	known := headings{}
	for _, h := range []headings{incidentHeadings(), registerHeadings(), suspensionHeadings()} {
		for c := range h {
			known[c] = h[c]
		}
	}
	for c, heading := range m.Columns {
		if _, ok := known[c]; !ok {
			f.Wrong("/columns", "only columns that docs/integrators.md lists")
		}
		if plainWords(heading) == "" {
			f.Wrong("/columns/"+string(c), "the heading of that column in your export")
		}
	}
	m.Team, m.Phone, m.Email = f.Short("/team", m.Team), f.Short("/phone", m.Phone), f.Email("/email", m.Email)
	return m, f.Err()
}

// over puts the school's own headings before those that we know.
func (m Mapping) over(h headings) headings {
	for c, heading := range m.Columns {
		if _, ok := h[c]; ok {
			h[c] = []string{heading}
		}
	}
	return h
}

func (m Mapping) contact(team string) events.Contact {
	if m.Team != "" {
		team = m.Team
	}
	return events.Contact{Team: team, Phone: m.Phone, Email: m.Email}
}

// Doors are the doors of a school whose exports are headed as the mapping says.
func (m Mapping) Doors() map[string]func([]byte) ([]events.Notice, error) {
	return map[string]func([]byte) ([]events.Notice, error){
		"/concerns":       Concern,
		"/extracts":       Extract,
		"/file-transfers": Transfer,
		"/incidents":      m.Incidents,
		"/registers":      m.Registers,
		"/suspensions":    m.Suspensions,
	}
}
