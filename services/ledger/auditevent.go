package ledger

import "fmt"

// AuditEvents are entries as FHIR R4 AuditEvents, in the shape of IHE's Basic
// Audit Log Patterns, "patient read", in a Bundle: so that what watches the
// accesses of a hospital can watch those of the hub. Codes of purposes, roles and
// labels are the hub's own.
func AuditEvents(es []Entry) any {
	entries := []any{}
	for _, e := range es {
		entries = append(entries, resource{"fullUrl": fmt.Sprintf("urn:kith:ledger:%d", e.Position), "resource": auditEvent(e)})
	}
	return resource{"resourceType": "Bundle", "type": "collection", "entry": entries}
}

type resource = map[string]any

func auditEvent(e Entry) resource {
	who := resource{
		"type": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"), "role": []any{concept("urn:kith:role", e.Role)},
		"who": identifier("urn:kith:actor", string(e.Reader)), "requestor": true, "purposeOfUse": []any{concept("urn:kith:purpose", string(e.Purpose))},
	}
	agency := resource{"type": concept("http://dicom.nema.org/resources/ontology/DCM", "110152"), "who": identifier("urn:kith:agency", string(e.Agency)), "requestor": false}
	hub := resource{"type": concept("http://dicom.nema.org/resources/ontology/DCM", "110153"), "who": identifier("urn:kith:hub", "hub"), "requestor": false}
	entities := []any{}
	if e.Child != "" {
		entities = append(entities, entity("1", "1", "urn:kith:child", string(e.Child)))
	}
	for _, i := range e.Shown {
		entities = append(entities, entity("2", "4", "urn:kith:item", string(i)))
	}
	a := resource{
		"resourceType": "AuditEvent",
		"meta": resource{"profile": []any{"https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"},
			"security": []any{coding("urn:kith:entry-label", string(e.Label))}},
		"type":    coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest"),
		"subtype": []any{coding("http://hl7.org/fhir/restful-interaction", "read")},
		"action":  "R", "outcome": "0", "recorded": e.At.UTC().Format("2006-01-02T15:04:05.000Z"),
		"agent":  []any{who, agency, hub},
		"source": resource{"observer": identifier("urn:kith:hub", "hub")},
	}
	if len(entities) > 0 {
		a["entity"] = entities
	}
	return a
}

func coding(system, code string) resource { return resource{"system": system, "code": code} }
func concept(system, code string) resource {
	return resource{"coding": []any{coding(system, code)}}
}
func identifier(system, value string) resource {
	return resource{"identifier": resource{"system": system, "value": value}}
}
func entity(typ, role, system, value string) resource {
	return resource{"what": identifier(system, value), "type": coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", typ),
		"role": coding("http://terminology.hl7.org/CodeSystem/object-role", role)}
}
