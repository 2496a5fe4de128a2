package events

// Agency is one body that shares, as the partnership registered it.
type Agency struct {
	ID      AgencyID   `json:"id"`
	Kind    AgencyKind `json:"kind"`
	Name    string     `json:"name"`
	Source  string     `json:"source"`           // the CloudEvents source it publishes under
	Contact Contact    `json:"contact,omitzero"` // its duty desk

	Body Body `json:"body,omitempty"` // whether it is a public authority; it is, unless this says otherwise
	// PolicyDocument is the agency's appropriate policy document with its version
	// (Data Protection Act 2018, Schedule 1, paragraph 39), as forms suggest it.
	PolicyDocument string `json:"policyDocument,omitempty"`
}

// Reader is somebody who asks to see something: who, for whom, in which role.
type Reader struct {
	Actor  ActorID    `json:"actor"`
	Agency AgencyID   `json:"agency"`
	Kind   AgencyKind `json:"kind"`
	Role   ReaderRole `json:"role"`
}

// ReaderRole is what somebody does at their agency.
type ReaderRole string

const (
	RoleDSL          ReaderRole = "dsl" // designated safeguarding lead of a school
	RoleSocialWorker ReaderRole = "social-worker"
	RoleChair        ReaderRole = "chair" // of strategy discussions
	RolePractitioner ReaderRole = "practitioner"
	RoleGovernance   ReaderRole = "governance" // reads the ledger, not the children
	RoleOperator     ReaderRole = "operator"   // runs the hub and acts by its commands; nobody signs in as one
)

// Notice is a report and the id that its agency gave it: what a translator
// makes of a native record. The same record always gives the same id.
type Notice struct {
	ID      string
	Report  Report
	Version Version

	// Void names records of which nothing stands: whatever they said before was
	// entered in error, and is to be withdrawn. Such a notice is no event by itself;
	// only the edge that sent what they said knows which events these are.
	Void []string
}

// Version says of which record of the agency's own a notice is a version, where
// the door can tell. Of the versions of one record only the latest stands.
type Version struct {
	Record string // its name, the same in each version; empty if the door cannot tell
	Number int64  // greater in a later version; 0 if none has one, and then the one handed in last stands
	At     string // where the record says so: a JSON pointer
}
