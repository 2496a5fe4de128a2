package edge

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kith/events/bus"
	"kith/services/internal/sqlite"
)

// outbox is the file that holds messages until they are answered, and answers
// for as long as somebody may ask. The body, which is personal, goes when the
// receipt comes; that of what was refused stays until it was put right. Of what
// stands a slip stays: whom it was about, so that it can be withdrawn.
type outbox struct {
	*sqlite.DB
	name string // of this outbox, for ever: the hub's answers are counted off under it
}

// row is one message.
type row struct {
	seq    int64
	digest string
	body   []byte
	trace  string // traceparent of whoever handed it in
	event  string // its id
	people []string

	supersedes string // the id of the event that it stands in the place of
	typ        string
	slip       *slip  // unless it withdraws
	record     string // of which it is a version, if that is known
	version    int64
	made       int
}

// Where a row comes from.
const (
	byDoor       = iota
	byHand       // a correction by a person
	asWithdrawal // by a person, or because the record was entered in error
)

// turns are whom and what a message is about: of those with one in common only one
// is ever under way.
func (r row) turns() []string {
	if r.record == "" {
		return r.people
	}
	return append(slices.Clone(r.people), "\x00record "+r.record)
}

const answersKept = 90 * 24 * time.Hour

const schema = `
CREATE TABLE outbox (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	digest TEXT NOT NULL UNIQUE,
	body   BLOB,             -- none once it is answered
	trace  TEXT NOT NULL,
	answer TEXT,             -- JSON of bus.Answer
	answered INTEGER         -- when, in seconds
);
CREATE INDEX unanswered ON outbox (seq) WHERE answer IS NULL;
CREATE INDEX answered ON outbox (answered) WHERE answer IS NOT NULL;
CREATE TABLE me (name TEXT NOT NULL);`

const schema2 = `
ALTER TABLE outbox ADD COLUMN kept INTEGER;       -- when, in seconds
ALTER TABLE outbox ADD COLUMN event TEXT;         -- its id
ALTER TABLE outbox ADD COLUMN refused INTEGER;    -- 1 if the hub did
ALTER TABLE outbox ADD COLUMN corrected TEXT;     -- digest of what was sent in its place
CREATE INDEX refused ON outbox (event) WHERE refused;
CREATE TABLE waiting (                            -- what is unanswered
	seq    INTEGER PRIMARY KEY,
	people TEXT NOT NULL                      -- whom it is about: a JSON list
);
INSERT INTO waiting SELECT seq, '[]' FROM outbox WHERE answer IS NULL;
CREATE TABLE unread (                             -- records that could not be translated
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	digest TEXT NOT NULL UNIQUE,
	door   TEXT NOT NULL,
	body   BLOB NOT NULL,
	places TEXT NOT NULL,                     -- JSON of what is wrong where
	kept   INTEGER NOT NULL
);
CREATE TABLE polled (url TEXT PRIMARY KEY, etag TEXT NOT NULL, modified TEXT NOT NULL);`

const schema3 = `
ALTER TABLE outbox ADD COLUMN type TEXT;
ALTER TABLE outbox ADD COLUMN supersedes TEXT;              -- id of the event in whose place it stands
ALTER TABLE outbox ADD COLUMN record TEXT;                  -- of the agency's own, of which it is a version
ALTER TABLE outbox ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN slip TEXT;                    -- JSON, as long as it stands
CREATE INDEX versions ON outbox (record) WHERE record IS NOT NULL;
CREATE INDEX named ON outbox (event);
CREATE INDEX superseding ON outbox (supersedes) WHERE supersedes IS NOT NULL;`

func openOutbox(ctx context.Context, path string) (*outbox, error) {
	db, err := sqlite.Open(ctx, path, sqlite.Durable)
	if err != nil {
		return nil, err
	}
	b := &outbox{DB: db}
	if err := b.prepare(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return b, nil
}

func (b *outbox) prepare(ctx context.Context) error {
	if err := b.Migrate(ctx, schema, schema2, schema3); err != nil {
		return err
	}
	_, err := b.Write.ExecContext(ctx, `INSERT INTO me SELECT ? WHERE NOT EXISTS (SELECT 1 FROM me)`, "outbox-"+strings.ToLower(rand.Text()))
	if err != nil {
		return err
	}
	return b.Write.QueryRowContext(ctx, `SELECT name FROM me`).Scan(&b.name)
}

// insert adds rows; those that are there already stay as they are, unless they
// were refused: whoever sends the same again has a reason, such as a clock that is
// right now, and asks the hub once more.
func (b *outbox) insert(ctx context.Context, rs []row) error {
	return b.transact(ctx, func(tx *sql.Tx) error {
		s, err := tx.PrepareContext(ctx, insertRow)
		if err != nil {
			return err
		}
		defer s.Close()
		for _, r := range rs {
			if _, err := add(ctx, tx, s, r); err != nil {
				return err
			}
		}
		return nil
	})
}

const insertRow = `INSERT INTO outbox (digest, body, trace, event, kept, type, supersedes, record, version, made, slip)
	VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET answer = NULL, answered = NULL, refused = NULL, body = excluded.body, kept = excluded.kept
	WHERE refused AND corrected IS NULL RETURNING seq`

// add adds a row, and says whether it goes out. One without a body only asks for
// the answer to what is there.
func add(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, r row) (bool, error) {
	if r.body == nil {
		return false, nil
	}
	slip, err := r.slip.text()
	if err != nil {
		return false, err
	}
	var seq int64
	err = insert.QueryRowContext(ctx, r.digest, r.body, r.trace, r.event, time.Now().Unix(), r.typ, r.supersedes, r.record, r.version, r.made, slip).Scan(&seq)
	if err == sql.ErrNoRows {
		return false, nil
	}
	if err == nil {
		err = waits(ctx, tx, seq, r.turns())
	}
	return err == nil, err
}

// waits notes whom a message is about that nobody answered yet.
func waits(ctx context.Context, tx *sql.Tx, seq int64, people []string) error {
	list, err := json.Marshal(slices.Concat([]string{}, people))
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO waiting VALUES (?, ?)`, seq, string(list))
	}
	return err
}

// awaited are those of the answers that belong to a row without a receipt.
func (b *outbox) awaited(ctx context.Context, as []bus.Answer) ([]bus.Answer, error) {
	digests := make([]string, len(as))
	for i, a := range as {
		digests[i] = a.Digest
	}
	list, err := json.Marshal(digests)
	if err != nil {
		return nil, err
	}
	rows, err := b.rows(ctx, `SELECT seq, digest, NULL, '' FROM outbox WHERE (answer IS NULL OR refused) AND digest IN (SELECT value FROM json_each(?))`, string(list))
	return slices.DeleteFunc(as, func(a bus.Answer) bool {
		return !slices.ContainsFunc(rows, func(r row) bool { return r.digest == a.Digest })
	}), err
}

// answer records answers and returns the rows they belong to. An answer to what
// is not in the outbox, or is answered already, changes nothing; but a receipt
// counts for more than a refusal, which may be of an earlier attempt.
func (b *outbox) answer(ctx context.Context, as []bus.Answer, now time.Time) (seqs []int64, err error) {
	err = b.transact(ctx, func(tx *sql.Tx) error {
		for _, a := range as {
			seq, err := record(ctx, tx, a, now)
			if err == sql.ErrNoRows {
				continue
			}
			if err != nil {
				return err
			}
			seqs = append(seqs, seq)
		}
		return nil
	})
	return seqs, err
}

// record keeps one answer. A receipt also settles what was refused before in its
// place, and ends what it supersedes.
func record(ctx context.Context, tx *sql.Tx, a bus.Answer, now time.Time) (seq int64, err error) {
	text, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	refused := a.Refusal != nil
	err = tx.QueryRowContext(ctx, `UPDATE outbox SET answer = ?1, answered = ?2, refused = ?3, body = CASE WHEN ?3 THEN body END
		WHERE digest = ?4 AND (answer IS NULL OR refused AND NOT ?3) RETURNING seq`, string(text), now.Unix(), refused, a.Digest).Scan(&seq)
	if err != nil {
		return 0, err
	}
	if _, err = tx.ExecContext(ctx, `DELETE FROM waiting WHERE seq = ?`, seq); err != nil {
		return seq, err
	}
	if refused {
		return seq, rebase(ctx, tx, seq)
	}
	return seq, settle(ctx, tx, seq, a.Digest)
}

// settle lets go of what a message that was accepted makes an end of.
func settle(ctx context.Context, tx *sql.Tx, seq int64, digest string) error {
	_, err := tx.ExecContext(ctx, `UPDATE outbox SET body = NULL, corrected = ?1 FROM (SELECT event, record, version FROM outbox WHERE seq = ?2) AS new
		WHERE refused AND body IS NOT NULL
		AND (corrected = ?1 OR outbox.event = new.event OR outbox.record = new.record AND outbox.version <= new.version)`, digest, seq)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE outbox SET slip = NULL FROM (SELECT event, supersedes FROM outbox WHERE seq = ?) AS new
			WHERE outbox.event = new.supersedes AND new.supersedes <> new.event`, seq)
	}
	return err
}

func (b *outbox) transact(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := b.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// waiting lists what is unanswered and whom it is about, oldest first.
func (b *outbox) waiting(ctx context.Context, n int) ([]row, error) {
	rs, err := b.Read.QueryContext(ctx, `SELECT seq, people FROM waiting ORDER BY seq LIMIT ?`, n)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var out []row
	for rs.Next() {
		var r row
		var people string
		if err := rs.Scan(&r.seq, &people); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(people), &r.people); err != nil {
			return nil, fmt.Errorf("the outbox is damaged")
		}
		out = append(out, r)
	}
	return out, rs.Err()
}

// these lists messages by row, without those that are answered meanwhile.
func (b *outbox) these(ctx context.Context, seqs []int64) ([]row, error) {
	list, err := json.Marshal(seqs)
	if err != nil {
		return nil, err
	}
	return b.rows(ctx, `SELECT seq, digest, body, trace FROM outbox WHERE answer IS NULL AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq`, string(list))
}

func (b *outbox) rows(ctx context.Context, query string, args ...any) ([]row, error) {
	rs, err := b.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var out []row
	for rs.Next() {
		var r row
		if err := rs.Scan(&r.seq, &r.digest, &r.body, &r.trace); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rs.Err()
}

// answers returns the answers that are there already.
func (b *outbox) answers(ctx context.Context, digests []string) (map[string]bus.Answer, error) {
	list, err := json.Marshal(digests)
	if err != nil {
		return nil, err
	}
	rs, err := b.Read.QueryContext(ctx, `SELECT answer FROM outbox WHERE answer IS NOT NULL AND digest IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	held := map[string]bus.Answer{}
	for rs.Next() {
		var text string
		var a bus.Answer
		if err := rs.Scan(&text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return nil, fmt.Errorf("an answer in the outbox is damaged")
		}
		held[a.Digest] = a
	}
	return held, rs.Err()
}

func (b *outbox) depth(ctx context.Context) (n int, err error) {
	err = b.Read.QueryRowContext(ctx, `SELECT count(*) FROM waiting`).Scan(&n)
	return n, err
}

// oldest is since when the oldest unanswered message waits; zero if none does.
func (b *outbox) oldest(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	err := b.Read.QueryRowContext(ctx, `SELECT kept FROM outbox WHERE seq = (SELECT min(seq) FROM waiting)`).Scan(&at)
	if err == sql.ErrNoRows || err == nil && !at.Valid {
		return time.Time{}, nil
	}
	return time.Unix(at.Int64, 0), err
}

// forget removes answers that nobody will ask for any more. What was refused
// and not put right is nobody's to forget, nor what stands: its next version would
// not be known for one. That something was withdrawn stays too.
func (b *outbox) forget(ctx context.Context, before time.Time) error {
	_, err := b.Write.ExecContext(ctx, `DELETE FROM outbox WHERE answer IS NOT NULL AND answered < ?
		AND NOT (coalesce(refused, 0) AND body IS NOT NULL) AND (slip IS NULL OR coalesce(refused, 0)) AND made <> ?`, before.Unix(), asWithdrawal)
	return err
}
