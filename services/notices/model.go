package notices

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
)

// Numbers are given in the order of the log, so who builds the file anew gives
// every message the number that it had.
const schema = `
CREATE TABLE told (
	agency TEXT, seq INTEGER, key TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL,
	child TEXT NOT NULL, item TEXT NOT NULL, detail TEXT NOT NULL,
	PRIMARY KEY (agency, seq), UNIQUE (agency, key)
) WITHOUT ROWID;
CREATE TABLE raised (reference TEXT, agency TEXT, PRIMARY KEY (reference, agency)) WITHOUT ROWID;
CREATE TABLE answered (reference TEXT, item TEXT, PRIMARY KEY (reference, item)) WITHOUT ROWID;
`

// Answers are found by where they lie; what they say stays sealed in the log. A
// file that an earlier build made is built anew, which gives the same numbers.
const outcomeSchema = `
DROP TABLE told;
CREATE TABLE told (
	agency TEXT, seq INTEGER, key TEXT NOT NULL, position INTEGER NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL,
	child TEXT NOT NULL, item TEXT NOT NULL, detail TEXT NOT NULL,
	PRIMARY KEY (agency, seq), UNIQUE (agency, key)
) WITHOUT ROWID;
CREATE TABLE outcome (
	agency TEXT, position INTEGER, at INTEGER NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL,
	PRIMARY KEY (agency, position)
) WITHOUT ROWID;
DELETE FROM raised; DELETE FROM answered;
DELETE FROM seen; DELETE FROM superseded; DELETE FROM recalled; DELETE FROM owed;
DROP TABLE IF EXISTS position; DROP TABLE IF EXISTS parked;
`

// Which subject a message is about; none where it is about a child.
const aboutSchema = `
ALTER TABLE told ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE told ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0; -- 1 while what it is about is hidden
`

// Model is how the messages follow from the log.
func Model(blind func(domain, value string) string) follow.Model {
	return follow.Model{Name: "inbox", Schema: []string{schema, recallSchema, outcomeSchema, aboutSchema}, Work: []string{"owed"}, Wants: wants, Apply: teller{blind}.apply}
}

func wants(t events.Type) bool { return tells(t) || answers(t) }

// answers tells whether an event may be a receipt or a refusal.
func answers(t events.Type) bool {
	return t == events.EventAccepted{}.Type() || t == events.EventRefused{}.Type()
}

// tells tells whether somebody may have to be told because of an event.
func tells(t events.Type) bool {
	switch t {
	case events.DiscussionConvened{}.Type(), events.Concern{}.Type(), events.ReferralDecided{}.Type(),
		events.WebhookDisabled{}.Type(),
		events.EventSuperseded{}.Type(), events.ItemRecalled{}.Type():
		return true
	}
	return false
}

type teller struct {
	blind func(domain, value string) string
}

func (x teller) apply(ctx context.Context, tx *follow.Tx, e store.Event) error {
	switch v := e.Event.(type) {
	case events.EventAccepted:
		return outcome(ctx, tx, e, v.Agency)
	case events.EventRefused:
		if v.Digest == "" {
			return nil // that the id was used; the refusal lies in the quarantine
		}
		return outcome(ctx, tx, e, v.Agency)
	case events.DiscussionConvened:
		return invite(ctx, tx, e, v)
	case events.WebhookDisabled:
		return disabled(ctx, tx, e, v)
	case events.Item:
		return x.item(ctx, tx, e, v)
	case events.EventSuperseded:
		return superseded(ctx, tx, v)
	case events.ItemRecalled:
		return recalled(ctx, tx, e, v)
	default: // nobody has to be told
		return nil
	}
}

type invitation struct {
	Discussion events.DiscussionID `json:"discussion"`
	Child      events.ChildID      `json:"child"`
	At         time.Time           `json:"at"`
	Read       string              `json:"read"`
}

func invite(ctx context.Context, tx *follow.Tx, e store.Event, d events.DiscussionConvened) error {
	detail, err := json.Marshal(invitation{d.Discussion, d.Child, d.At.UTC(), "/v1/children/" + string(d.Child) + "/view?purpose=s47"})
	if err != nil {
		return err
	}
	for _, a := range d.Invited {
		if err := tell(ctx, tx, a, string(d.Discussion), events.Told{Type: events.TypeDiscussionInvitation, At: e.At, Position: uint64(e.Position), Child: d.Child, Detail: detail}); err != nil {
			return err
		}
	}
	return nil
}

type ended struct {
	Why   events.WebhookEnd `json:"why"`
	Since *time.Time        `json:"since,omitempty"`
	Read  string            `json:"read"`
}

// disabled tells an agency that its webhook is silent, so that it can learn of it
// on its other ways.
func disabled(ctx context.Context, tx *follow.Tx, e store.Event, d events.WebhookDisabled) error {
	detail, err := json.Marshal(ended{d.Why, d.Since, "/v1/inbox?after=" + strconv.FormatUint(d.Delivered, 10)})
	if err != nil {
		return err
	}
	return tell(ctx, tx, d.Agency, "webhook-"+d.At.UTC().Format(time.RFC3339Nano), events.Told{Type: events.TypeWebhookDisabled, At: e.At, Position: uint64(e.Position), Detail: detail})
}

// item notes who raised a concern, and what answered it. Either may come first.
func (x teller) item(ctx context.Context, tx *follow.Tx, e store.Event, i events.Item) error {
	if i.Person.Role != events.RoleChild {
		return nil
	}
	switch f := i.Fact.(type) {
	case events.Concern:
		_, err := tx.ExecContext(ctx, `INSERT INTO raised VALUES (?, ?) ON CONFLICT DO NOTHING`, x.blind("concern", f.Reference), i.Agency)
		if err != nil {
			return err
		}
		return x.feedback(ctx, tx, e, f.Reference)
	case events.ReferralDecided:
		_, err := tx.ExecContext(ctx, `INSERT INTO answered VALUES (?, ?) ON CONFLICT DO NOTHING`, x.blind("concern", f.Reference), i.ID)
		if err != nil {
			return err
		}
		return x.feedback(ctx, tx, e, f.Reference)
	default: // neither
		return nil
	}
}

type feedback struct {
	Reference string `json:"reference"`
	Read      string `json:"read"`
}

// feedback tells whoever raised the concern of the latest answer. Where two
// agencies use one reference it cannot be known whose concern was answered, and
// nobody may learn of somebody else's: then nobody is told.
func (x teller) feedback(ctx context.Context, tx *follow.Tx, e store.Event, reference string) error {
	var agency events.AgencyID
	var agencies, answers int
	var item events.ItemID
	ref := x.blind("concern", reference)
	err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(max(agency), '') FROM raised WHERE reference = ?`, ref).Scan(&agencies, &agency)
	if err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT count(*), coalesce(max(item), '') FROM answered WHERE reference = ?`, ref).Scan(&answers, &item)
	if err != nil || agencies != 1 || answers == 0 {
		return err
	}
	if i, ok := e.Event.(events.Item); ok && i.Type() == (events.ReferralDecided{}).Type() {
		item = i.ID
	}
	detail, err := json.Marshal(feedback{reference, "/v1/concerns/" + reference})
	if err != nil {
		return err
	}
	return tellOf(ctx, tx, agency, string(item), opaque(e.Stream), events.Told{Type: events.TypeReferralFeedback, At: e.At, Position: uint64(e.Position), Item: item, Detail: detail})
}

// tell writes a message, once for each key.
func tell(ctx context.Context, tx *follow.Tx, a events.AgencyID, key string, m events.Told) error {
	return tellOf(ctx, tx, a, key, "", m)
}

// tellOf is tell of what follows from the record of one subject.
func tellOf(ctx context.Context, tx *follow.Tx, a events.AgencyID, key, subject string, m events.Told) error {
	_, err := tx.ExecContext(ctx, `
INSERT INTO told SELECT ?1, 1 + coalesce(max(seq), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0 FROM told WHERE agency = ?1
ON CONFLICT DO NOTHING`, a, key, int64(m.Position), m.Type, m.At.UnixNano(), m.Child, m.Item, string(m.Detail), subject)
	return err
}

// outcome notes where an answer lies.
func outcome(ctx context.Context, tx *follow.Tx, e store.Event, a events.AgencyID) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO outcome VALUES (?, ?, ?, ?, ?)`, a, int64(e.Position), e.At.UnixNano(), string(e.Stream), int64(e.Revision))
	return err
}

// opaque is the part of a stream's name that says whose it is.
func opaque(s store.Stream) string {
	_, id, _ := strings.Cut(string(s), "-")
	return id
}
