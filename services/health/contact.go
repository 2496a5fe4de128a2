package health

import (
	"strings"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// contact is whom a partner can call: the organization that one of the
// references is to, by the name that is displayed there or else by its own, and
// the name of a practitioner if another is to one.
func (r *reader) contact(x resource, at string, refs ...*fhir.Reference) events.Contact {
	var c events.Contact
	for _, ref := range refs {
		r.call(x, ref, &c)
	}
	return shortContact(r.Form, x.at+at, c)
}

func (r *reader) call(x resource, ref *fhir.Reference, c *events.Contact) {
	if ref == nil {
		return
	}
	shown := strings.TrimSpace(value(ref.Display))
	to, found := r.find(x, ref, "Organization", "Practitioner", "PractitionerRole")
	switch kind := kindOf(ref, to); {
	case kind == "PractitionerRole" && found:
		role := read[fhir.PractitionerRole](r.Form, to)
		r.call(to, role.Organization, c)
		r.call(to, role.Practitioner, c)
	case kind == "Practitioner" && found && shown == "":
		c.Name = orElse(c.Name, full(name(read[fhir.Practitioner](r.Form, to).Name)))
	case kind == "Practitioner" || kind == "PractitionerRole":
		c.Name = orElse(c.Name, shown)
	case kind == "Patient" || kind == "RelatedPerson" || c.Team != "":
	default:
		c.Team = shown
		if found {
			r.telecom(read[fhir.Organization](r.Form, to), c)
		}
	}
}

// kindOf is the kind of resource that a reference is to, whether it is there or not.
func kindOf(ref *fhir.Reference, to resource) string {
	if to.kind != "" || ref.Type != nil {
		return orElse(to.kind, value(ref.Type))
	}
	parts := strings.Split(value(ref.Reference), "/")
	return parts[max(0, len(parts)-2)]
}

func (r *reader) telecom(o fhir.Organization, c *events.Contact) {
	c.Team = orElse(c.Team, strings.TrimSpace(value(o.Name)))
	for _, t := range o.Telecom {
		if t.System == nil {
			continue
		}
		switch *t.System {
		case fhir.ContactPointSystemPhone:
			c.Phone = value(t.Value)
		case fhir.ContactPointSystemEmail:
			c.Email = value(t.Value)
		default: // nobody is faxed
		}
	}
}

// team is a contact that must name a team: that of who did it or else of the
// encounter in which it was done, or the one that looks after the patient.
func (r *reader) team(x resource, at string, refs ...*fhir.Reference) events.Contact {
	c := r.contact(x, at, refs...)
	if to, found := r.find(x, member(x, "encounter"), "Encounter"); c.Team == "" && found {
		c = inTeam(c, r.contact(to, "/serviceProvider", member(to, "serviceProvider")))
	}
	if to, found := r.find(x, member(x, "subject"), "Patient"); c.Team == "" && found {
		c = inTeam(c, r.contact(to, "/managingOrganization", member(to, "managingOrganization")))
	}
	if c.Team == "" {
		r.Wrong(x.at+at, "a reference to an Organization whose name is given: the team that a partner can call")
	}
	return c
}

// inTeam is another team, with the person to ask for there.
func inTeam(c, other events.Contact) events.Contact {
	other.Name = orElse(c.Name, other.Name)
	return other
}

// member is a reference that stands under a name in a resource.
func member(x resource, name string) *fhir.Reference {
	in, _ := x.doc[name].(map[string]any)
	ref, _ := in["reference"].(string)
	shown, _ := in["display"].(string)
	if ref == "" && shown == "" {
		return nil
	}
	return &fhir.Reference{Reference: &ref, Display: &shown}
}

func references(list []fhir.Reference) []*fhir.Reference {
	out := make([]*fhir.Reference, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
