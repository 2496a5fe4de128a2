package main

import "kith/events"

// Northshire is invented: the partnership that the demonstration runs.

const authority events.AgencyID = "northshire-council"

func northshire() []events.Agency {
	all := []events.Agency{
		agencyOf("northshire-police", events.KindPolice, "Northshire Police",
			events.Contact{Team: "Public protection desk", Phone: "01632 960101"}),
		agencyOf("northshire-hospital", events.KindHealth, "Northshire Hospital",
			events.Contact{Team: "Safeguarding children team", Phone: "01632 960102"}),
		agencyOf("oakfield-school", events.KindEducation, "Oakfield School",
			events.Contact{Team: "Safeguarding office", Phone: "01632 960103"}),
		agencyOf(authority, events.KindSocialCare, "Northshire Council",
			events.Contact{Team: "Children's front door", Phone: "01632 960104"}),
		agencyOf("elmtree-school", events.KindEducation, "Elmtree School",
			events.Contact{Team: "Safeguarding office", Phone: "01632 960105"}),
	}
	for i := range all {
		all[i].PolicyDocument = "Appropriate policy document: safeguarding, version 3"
	}
	return all
}

func agencyOf(id events.AgencyID, kind events.AgencyKind, name string, c events.Contact) events.Agency {
	return events.Agency{ID: id, Kind: kind, Name: name, Source: "urn:kith:agency:" + string(id), Contact: c}
}

// persona is somebody the demonstration can sign in as.
type persona struct {
	name   string // in demo.json
	title  string // a role and an agency, on every page
	about  string // what they do here, on the sign-in page
	reader events.Reader
}

func personas() []persona {
	of := func(name, title, about string, agency events.AgencyID, kind events.AgencyKind, role events.ReaderRole) persona {
		return persona{name, title, about, events.Reader{Actor: events.ActorID(name), Agency: agency, Kind: kind, Role: role}}
	}
	return []persona{
		of("dsl", "Designated safeguarding lead, Oakfield School", "Raises a concern about a child and learns what became of it.", "oakfield-school", events.KindEducation, events.RoleDSL),
		of("otherdsl", "Designated safeguarding lead, Elmtree School", "A lead at another school, who does not know the first school's children.", "elmtree-school", events.KindEducation, events.RoleDSL),
		of("police", "Public protection officer, Northshire Police", "Publishes domestic abuse incidents and missing episodes.", "northshire-police", events.KindPolice, events.RolePractitioner),
		of("health", "Named nurse, Northshire Hospital", "Publishes attendances and concerns.", "northshire-hospital", events.KindHealth, events.RolePractitioner),
		of("socialworker", "Social worker, Northshire Council", "Decides on concerns and confirms who is who.", authority, events.KindSocialCare, events.RoleSocialWorker),
		of("chair", "Chair of strategy discussions, Northshire Council", "Convenes strategy discussions and reads the shared view.", authority, events.KindSocialCare, events.RoleChair),
		of("governance", "Information governance, Northshire Council", "Sees who looked, when and why; sees no child.", authority, events.KindSocialCare, events.RoleGovernance),
	}
}

// natsNames are the names by which demo.json lists the agencies' credentials.
func natsNames() map[string]events.AgencyID {
	return map[string]events.AgencyID{
		"police": "northshire-police", "health": "northshire-hospital",
		"education": "oakfield-school", "socialcare": authority,
	}
}
