package intake

// Explanation is what there is to say about one code of a refusal, to the
// developer who has to mend it. The gateway makes a page of each.
type Explanation struct {
	Code    string
	Title   string
	Meaning string
	Sent    string // an example of what gives it: a part of a CloudEvent
	Pointer string // where the answer to that leads
	Do      string
}

// Explanations has one for each code, in the order of codes.go.
func Explanations() []Explanation {
	return []Explanation{
		{TooLarge, "The message is too large",
			"One CloudEvent may have 256 KiB, with everything in it.",
			`a message of 300,000 bytes`, "",
			"Shorten the narrative, or send what happened as several events. Documents and pictures are not sent: name them by a reference."},
		{Malformed, "It could not be read",
			"It is no CloudEvent 1.0 in JSON and UTF-8, or an attribute that every CloudEvent has is missing or not as the specification says.",
			`{"specversion": "1.0", "type": "uk.kith.police.missing-episode.v1", "source": "urn:kith:agency:northshire-police"}`,
			"/id",
			"Mend what the pointer leads to. Without a pointer the whole message is meant: see that your program writes JSON, and that nothing follows its end."},
		{DuplicateKey, "A field stands twice",
			"An object names a field twice. Two programs that read it could see two different facts, so none of it is taken.",
			`{"label": "core", "label": "restricted"}`, "/data/label",
			"Send the field once. Most JSON libraries do so by themselves; look where text is put together by hand."},
		{WrongSource, "The source is not yours",
			"Every agency publishes under one CloudEvents source, which the hub's operator registered.",
			`"source": "urn:kith:agency:another-agency"`, "/source",
			"Put in the source that you were given, letter by letter."},
		{WrongSubject, "The NATS subject is another type's",
			"An event came on a subject of NATS that is not the one of its type.",
			`a uk.kith.police.missing-episode.v1 published to events.police.domestic-abuse-incident`, "/type",
			"Publish each event to events.<kind>.<name> of its own type. The catalogue names the subject of each."},
		{WrongAgency, "The type is another kind of agency's",
			"Types begin with the kind of the agency that may publish them: police, health, education or socialcare. It is also the answer to an agency that is not registered.",
			`"type": "uk.kith.health.was-not-brought.v1", from a police force`, "/type",
			"Choose a type of your own kind from the catalogue. If your kind is registered wrongly, ask the hub's operator."},
		{UnknownType, "There is no such type",
			"The hub does not know the type, or only the hub itself may publish it.",
			`"type": "uk.kith.police.missing-person.v1"`, "/type",
			"Copy the type from the catalogue, with its version."},
		{Schema, "A field is not as the schema says",
			"The data does not fit the schema of its type. Each place is named, up to twenty.",
			`{"about": [{"localId": "P-51190", "role": "child", "dateOfBirth": "28/02/2010"}]}`,
			"/data/about/0/dateOfBirth",
			"Go to each place that a pointer names; the detail says what is expected there. The catalogue has every field, and an example that fits."},
		{Future, "It lies in the future",
			"What is said to have happened lies more than a day ahead of the hub's clock: a mistyped year would stand at the end of every chronology.",
			`"occurredAt": "2036-11-06T22:30:00Z"`, "/data/occurredAt",
			"See that your clock is right, and that local time carries its offset: in summer +01:00, not Z."},
		{ReusedID, "The id was used before",
			"Another event with the same source and id was accepted before, with other content. That one stands.",
			`"id": "NSP-2026-131877/1", with another text than last time`, "/id",
			"Give every event an id of its own. To correct what was accepted, send a new event that names it in the extension supersedes. To repeat one, send the very same bytes: you get the same receipt."},
		{Erased, "The person's record was erased",
			"What the hub held about one of the people was erased, and nothing can be added under this localId.",
			`"localId": "NSP-P-51190"`, "/data/about",
			"Do not send it again. If the person is known to you anew, they get a new localId; ask your data protection officer first."},
		{UnknownEvent, "There is no such event to supersede",
			"The extension supersedes names an event that the hub never had from you. A withdrawal needs one that was accepted.",
			`"supersedes": "NSP-2026-131877"`, "/supersedes",
			"Give the id of the event that is to be put right, as your receipt has it. If the hub never had it, send yours without the extension."},
		{Superseded, "It was superseded before",
			"Another event stands in the place of the one that is named, or it was withdrawn. Of two corrections of one event nobody could tell which is right.",
			`"supersedes": "NSP-2026-131877/1", which NSP-2026-131877/2 superseded`, "/supersedes",
			"Name the one that stands now. If two of your systems correct the same events, let one of them do so."},
		{OtherPeople, "Somebody is missing",
			"The event that is superseded was about somebody who is not in this one. What was said of them would stand for ever.",
			`"about": [] without NSP-P-51190`, "/data/about",
			"Name everybody again, by the same localId. If the earlier event named the wrong person, withdraw it, and send a new event about the right one."},
		{UnlawfulBasis, "The lawful basis is not open to you",
			"The basis fits the schema, and the law does not open it to an agency like yours for what this event states: legitimate interests are not for public authorities, and a legal obligation needs a duty that is in force.",
			`"basis": {"article6": "recognised-legitimate-interest"}, from a maintained school`, "/data/basis/article6",
			"Assert what the detail names; docs/lawful-basis.md has the whole table. If your agency is no public authority, ask the hub's operator to register it as independent, and send the event again under another id. An event that was accepted before keeps its receipt."},
	}
}
