package edge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
)

// past is what the outbox knows of an event that was handed in before.
type past struct {
	event, supersedes, typ string
	digest                 string
	record                 string
	version                int64
	made                   int
	refused                bool
	slip                   *slip
}

// history is what was handed in of one record, in order.
type history []past

const pastColumns = `event, coalesce(supersedes, ''), coalesce(type, ''), digest, coalesce(record, ''), version, made, coalesce(refused, 0), coalesce(slip, '')`

func (b *outbox) history(ctx context.Context, record string) (history, error) {
	rs, err := b.Read.QueryContext(ctx, `SELECT `+pastColumns+` FROM outbox WHERE record = ? ORDER BY seq`, record)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var all history
	for rs.Next() {
		p, err := scanPast(rs.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rs.Err()
}

func scanPast(scan func(...any) error) (p past, err error) {
	var text string
	err = scan(&p.event, &p.supersedes, &p.typ, &p.digest, &p.record, &p.version, &p.made, &p.refused, &text)
	if err == nil && text != "" && json.Unmarshal([]byte(text), &p.slip) != nil {
		return p, errors.New("the outbox is damaged")
	}
	return p, err
}

// standing are the events of the record that nothing supersedes, oldest first. One
// that waits for its answer counts, also as what supersedes another.
func (h history) standing() (all []past) {
	over := map[string]bool{}
	for _, p := range h {
		if !p.refused && p.supersedes != p.event {
			over[p.supersedes] = true
		}
	}
	for _, p := range h {
		if !p.refused && !over[p.event] && p.made != asWithdrawal {
			all = append(all, p)
		}
	}
	return all
}

// latest is the newest of what stands.
func (h history) latest() (newest past, ok bool) {
	for _, p := range h.standing() {
		if !ok || p.version >= newest.version {
			newest, ok = p, true
		}
	}
	return newest, ok
}

// versions resolves what is handed in at once: what comes first is history for what
// comes after it.
type versions struct {
	*Edge
	known map[string]history
}

func (v versions) of(ctx context.Context, record string) (history, error) {
	if h, ok := v.known[record]; ok {
		return h, nil
	}
	h, err := v.box.history(ctx, record)
	v.known[record] = h
	return h, err
}

func (v versions) add(r row) {
	v.known[r.record] = append(v.known[r.record], past{event: r.event, supersedes: r.supersedes, typ: r.typ, digest: r.digest,
		record: r.record, version: r.version, made: r.made, slip: r.slip})
}

// rows are what is kept of a notice.
func (v versions) rows(ctx context.Context, n events.Notice) ([]row, error) {
	if len(n.Void) > 0 {
		return v.void(ctx, n)
	}
	if n.Version.Record == "" {
		r, err := v.row(ctx, n, "")
		if err != nil {
			return nil, err
		}
		rows := []row{r}
		if err := v.box.correcting(ctx, rows); err != nil {
			return nil, unavailable(err)
		}
		return rows, nil
	}
	r, err := v.version(ctx, n)
	return []row{r}, err
}

// version is a notice of a record of which there may be earlier ones. It stands in
// the place of the latest of them, and says so however often it is handed in.
func (v versions) version(ctx context.Context, n events.Notice) (row, error) {
	h, err := v.of(ctx, n.Version.Record)
	if err != nil {
		return row{}, unavailable(err)
	}
	name := v.numbered
	if n.Version.Number == 0 {
		name = v.unnumbered
	}
	r, err := name(ctx, n, h)
	if err != nil {
		return r, err
	}
	rows := []row{r}
	if err := v.box.correcting(ctx, rows); err != nil {
		return r, unavailable(err)
	}
	v.add(rows[0])
	return rows[0], nil
}

// numbered: the record says which version it is.
func (v versions) numbered(ctx context.Context, n events.Notice, h history) (row, error) {
	for _, p := range h {
		if p.event == n.ID && !p.refused {
			return v.row(ctx, n, p.supersedes)
		}
	}
	p, ok := h.latest()
	if ok && p.version > n.Version.Number {
		return row{}, wrong(n.Version.At, "Give a newer version of the record: one that is newer than this was handed in before, and stands.")
	}
	return v.row(ctx, n, p.event)
}

// unnumbered: the record says how things stand, and the one handed in last counts.
// If it says what the one before it said it is that event; else it gets an id of
// its own.
func (v versions) unnumbered(ctx context.Context, n events.Notice, h history) (row, error) {
	count, last := 0, past{}
	for _, p := range h {
		if p.made == byDoor && !p.refused {
			last, count = p, count+1
		}
	}
	if count == 0 {
		return v.row(ctx, n, "")
	}
	same := n
	same.ID = last.event
	if r, err := v.row(ctx, same, last.supersedes); err != nil || r.digest == last.digest {
		return r, err
	}
	n.ID = fmt.Sprintf("%s:%d", n.ID, count+1)
	p, _ := h.latest()
	return v.row(ctx, n, p.event)
}

// void withdraws all that records said. Asked again it is what it was before.
func (v versions) void(ctx context.Context, n events.Notice) (rows []row, err error) {
	for _, record := range n.Void {
		h, err := v.of(ctx, record)
		if err != nil {
			return nil, unavailable(err)
		}
		for _, p := range h {
			if p.made == asWithdrawal && !p.refused {
				rows = append(rows, row{digest: p.digest})
			}
		}
		for _, p := range h.standing() {
			r, err := v.entered(p, n)
			if err != nil {
				return nil, err
			}
			v.add(r)
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil, Unsaid(n)
	}
	return rows, nil
}

// entered is the withdrawal of what was entered in error.
func (v versions) entered(p past, n events.Notice) (row, error) {
	at := n.Report.OccurredAt
	if at.IsZero() {
		at = time.Now()
	}
	return p.withdrawal(v.agency.Source, events.Withdrawn{Reason: events.AnotherReason, Note: "The record was marked as entered in error."}, at)
}

// Unsaid answers a notice that voids what was never said, as far as is known here.
func Unsaid(n events.Notice) error {
	return wrong(n.Version.At, "Give another status: what was entered in error is not shared, and this outbox knows of nothing that was said of it before. If another system of yours shared it, withdraw that.")
}

func wrong(at, detail string) error {
	return &fault.Error{Kind: fault.Invalid, Text: "The record does not fit; see the places named.", At: []fault.Place{{Pointer: at, Detail: detail}}}
}

// row is what is kept of a notice in the place of an earlier event, if there is one.
func (e *Edge) row(ctx context.Context, n events.Notice, old string) (row, error) {
	ev, err := bus.NewEvent(e.agency.Source, n)
	if err != nil {
		return row{}, fmt.Errorf("make an event of a notice: %w", err)
	}
	if old != "" {
		ev.SetExtension(supersedes, old)
	}
	m, err := bus.Structured(ev)
	if err != nil {
		return row{}, fmt.Errorf("make an event of a notice: %w", err)
	}
	rows, err := rowsOf(ctx, []bus.Message{m})
	if err != nil {
		return row{}, err
	}
	rows[0].record, rows[0].version = n.Version.Record, n.Version.Number
	return rows[0], nil
}

// rebase puts what waits in the place of a message that was refused into the place
// of what that was to supersede, which goes on standing. Nothing of one record is
// under way together, so that none of it was sent.
func rebase(ctx context.Context, tx *sql.Tx, refused int64) error {
	var event, old string
	err := tx.QueryRowContext(ctx, `SELECT event, supersedes FROM outbox WHERE seq = ? AND supersedes <> event AND record IS NOT NULL`, refused).Scan(&event, &old)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	rs, err := tx.QueryContext(ctx, `SELECT seq, body, trace FROM outbox WHERE supersedes = ? AND event <> supersedes AND answer IS NULL AND body IS NOT NULL`, event)
	if err != nil {
		return err
	}
	var waiting []row
	for rs.Next() {
		var r row
		if err := rs.Scan(&r.seq, &r.body, &r.trace); err != nil {
			return errors.Join(err, rs.Close())
		}
		waiting = append(waiting, r)
	}
	if err := rs.Err(); err != nil {
		return err
	}
	for _, r := range waiting {
		r2 := r.inPlaceOf(old)
		if _, err := tx.ExecContext(ctx, `UPDATE outbox SET body = ?, digest = ?, supersedes = ? WHERE seq = ?`, r2.body, r2.digest, old, r.seq); err != nil {
			return err
		}
	}
	return nil
}
