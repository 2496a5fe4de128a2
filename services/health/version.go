package health

import (
	"kith/events"
)

// steps are the kinds of resource of which one status is no correction of another:
// that a flag was taken off, or a consent withdrawn, happened after it was put on
// or given, and both stand.
func steps(kind string) []string {
	switch kind {
	case "Flag":
		return []string{"active", "inactive"}
	case "Consent":
		return []string{"active", "rejected", "inactive"}
	default:
		return nil
	}
}

// name is what a resource is called in each of its versions; empty if it has no id
// that lasts. That of one contained in another does not, nor that of one which a
// Bundle wants to be created.
func (x resource) name() string {
	id, _ := x.doc["id"].(string)
	if _, contained := container(x.at); contained || x.passing || id == "" {
		return ""
	}
	return x.kind + "/" + id
}

// version says of which resource this is a version. The server's clock tells which
// is later; without it nobody can.
func (r *reader) version(x resource) events.Version {
	name, at := x.name(), x.at+"/meta/lastUpdated"
	updated := x.updated()
	if name == "" || updated == "" {
		return events.Version{}
	}
	if status, _ := x.doc["status"].(string); steps(x.kind) != nil {
		name += "#" + status
	}
	return events.Version{Record: name, Number: r.Instant(at, updated).UnixMilli(), At: at}
}

func (x resource) updated() string {
	meta, _ := x.doc["meta"].(map[string]any)
	at, _ := meta["lastUpdated"].(string)
	return at
}

// void is the notice of a resource that was entered in error: nothing stands of what
// it said before. Void is nil for any other, and where it has no id that lasts.
func (r *reader) void(x resource) events.Notice {
	status, _ := x.doc["status"].(string)
	name := x.name()
	if status != "entered-in-error" || name == "" {
		return events.Notice{}
	}
	n := events.Notice{
		ID: "entered-in-error:" + name, Void: []string{name}, Version: events.Version{At: x.at + "/status"},
		Report: events.Report{Fact: events.HealthWithdrawal{Withdrawn: events.Withdrawn{Reason: events.AnotherReason}}},
	}
	if steps(x.kind) != nil {
		n.Void = nil
		for _, s := range steps(x.kind) {
			n.Void = append(n.Void, name+"#"+s)
		}
	}
	if at := x.updated(); at != "" {
		n.Report.OccurredAt = r.Instant(x.at+"/meta/lastUpdated", at)
	}
	return n
}
