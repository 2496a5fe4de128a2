package sqlite

import "kith/events/store"

// Bounds of the tail.
const (
	tailEvents = 4096
	tailBytes  = 8 << 20
)

// tail is the newest events of the log, one position after the other, kept in
// memory for those who follow at its end: many read the same few events there,
// and each would query the file for them.
type tail struct {
	rows  []store.Recorded
	bytes int
}

// add appends what was just committed. Without rows, nobody knows what was:
// the tail begins anew. What is dropped is never written over, so that a slice
// handed out stays as it is.
func (t *tail) add(rows []store.Recorded) {
	if len(rows) == 0 || len(t.rows) > 0 && rows[0].Position != t.rows[len(t.rows)-1].Position+1 {
		*t = tail{}
	}
	t.rows = append(t.rows, rows...)
	for _, r := range rows {
		t.bytes += len(r.Data)
	}
	drop := 0
	for ; len(t.rows)-drop > tailEvents || t.bytes > tailBytes; drop++ {
		t.bytes -= len(t.rows[drop].Data)
		t.rows[drop] = store.Recorded{} // or the array would hold it
	}
	t.rows = t.rows[drop:]
}

// after is a chunk of what comes after p, or nothing if the tail begins later.
func (t *tail) after(p store.Position) []store.Recorded {
	if len(t.rows) == 0 || p+1 < t.rows[0].Position {
		return nil
	}
	from := min(int(p+1-t.rows[0].Position), len(t.rows))
	to := min(from+chunk, len(t.rows))
	return append([]store.Recorded(nil), t.rows[from:to]...)
}
