package intake

// The codes of a refusal's problems. They are part of the contract with agencies:
// codes are only ever added, and none changes its meaning.
const (
	// TooLarge: the message is larger than MaxMessage.
	TooLarge = "too-large"
	// Malformed: the message is not a CloudEvent in JSON that anybody could read.
	Malformed = "malformed"
	// DuplicateKey: an object names a field twice, so that two readers of it could
	// see two different facts.
	DuplicateKey = "duplicate-key"
	// WrongSource: the source is not the one under which this agency publishes.
	WrongSource = "wrong-source"
	// WrongSubject: the message came on another NATS subject than that of its type.
	WrongSubject = "wrong-subject"
	// WrongAgency: the type is not one that this kind of agency may publish.
	WrongAgency = "wrong-agency"
	// UnknownType: the hub does not know the type, or it is one of the hub's own.
	UnknownType = "unknown-type"
	// Schema: the data does not fit the schema of its type.
	Schema = "schema"
	// Future: what is said to have happened has not happened yet.
	Future = "future"
	// ReusedID: another message with the same source and id was accepted before.
	ReusedID = "reused-id"
	// Erased: what the hub held about one of the people was erased, and nothing
	// can be added to it.
	Erased = "erased"
	// UnknownEvent: the event that is to be superseded is none of the agency's.
	UnknownEvent = "unknown-event"
	// Superseded: the event that is to be superseded was superseded before.
	Superseded = "superseded"
	// OtherPeople: somebody whom the superseded event was about is missing.
	OtherPeople = "other-people"
	// UnlawfulBasis: the agency may not assert this lawful basis for what it shares.
	UnlawfulBasis = "unlawful-basis"
)

// MaxMessage is the size of the largest message that is taken, in bytes.
const MaxMessage = 256 << 10

// most is how many problems one refusal names.
const most = 20
