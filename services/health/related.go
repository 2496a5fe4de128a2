package health

import (
	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// relation is the relation to the child of the first RelatedPerson among those
// who took part.
func (r *reader) relation(x resource, took []*fhir.Reference) string {
	for _, ref := range took {
		if to, found := r.find(x, ref, "RelatedPerson"); found {
			if w := read[fhir.RelatedPerson](r.Form, to).Relationship; len(w) > 0 {
				return short(r.Form, to.at+"/relationship/0", concept(&w[0]))
			}
		}
	}
	return ""
}

// related is a RelatedPerson as the hub knows people: of somebody without a
// number there is only the relation to tell.
func (r *reader) related(x resource) events.Person {
	if p, known := r.people[x.at]; known {
		return p
	}
	in := read[fhir.RelatedPerson](r.Form, x)
	p := events.Person{Role: role(in.Relationship), Name: shortName(r.Form, x.at+"/name", name(in.Name))}
	p.DateOfBirth = r.day(x.at+"/birthDate", in.BirthDate)
	for _, id := range in.Identifier {
		r.identify(&p, x.at+"/identifier", id)
	}
	p.LocalID = orElse(p.LocalID, localID(p))
	r.people[x.at] = p
	return p
}

// role goes by HL7's codes of relationship.
func role(relationship []fhir.CodeableConcept) events.Role {
	for _, c := range relationship {
		for _, coding := range c.Coding {
			switch value(coding.Code) {
			case "PRN", "MTH", "FTH", "NPRN", "NMTH", "NFTH", "STPPRN", "STPMTH", "STPFTH", "ADOPTP", "ADOPTM", "ADOPTF", "GESTM":
				return events.RoleParent
			case "GUARD", "PRNFOST", "MTHFOST", "FTHFOST":
				return events.RoleCarer
			case "ROOM":
				return events.RoleHousehold
			}
		}
	}
	return events.RoleOther
}
