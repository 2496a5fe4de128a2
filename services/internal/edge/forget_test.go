package edge

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"kith/events/bus"
	"kith/services/fault"
)

// What names somebody who is gone is let go of, refused or unread, and nothing else
// is; what waits for the hub stays.
func TestForget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	b, err := openOutbox(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.insert(t.Context(), []row{{digest: "d1", body: []byte("about X")}, {digest: "d2", body: []byte("about Y")}, {digest: "d3", body: []byte("waits, about X")}}))
	_, err = b.answer(t.Context(), []bus.Answer{{Digest: "d1", Refusal: &bus.Refusal{Digest: "d1"}}, {Digest: "d2", Refusal: &bus.Refusal{Digest: "d2"}}}, time.Now())
	must(err)
	_, err = b.Write.ExecContext(t.Context(), `UPDATE outbox SET slip = CASE digest WHEN 'd1' THEN '{"x":"about X"}' ELSE '{"y":"about Y"}' END WHERE digest <> 'd3'`)
	must(err)
	must(b.keepUnread(t.Context(), "/door", []byte("unread, about X"), []fault.Place{{Detail: "x"}}))
	must(b.keepUnread(t.Context(), "/door", []byte("unread, about Y"), []fault.Place{{Detail: "x"}}))
	must(b.Close())

	names := func(body []byte) bool { return bytes.Contains(body, []byte("X")) }
	for range 2 {
		must(ForgetIn(t.Context(), path, names))
	}
	b, err = openOutbox(t.Context(), path)
	must(err)
	var slips string
	must(b.Read.QueryRowContext(t.Context(), `SELECT group_concat(digest) FROM outbox WHERE slip IS NOT NULL`).Scan(&slips))
	if slips != "d2" {
		t.Errorf("slips of %s", slips)
	}
	must(b.Close())
	box, err := OpenBox(t.Context(), path)
	must(err)
	defer box.Close()
	rs, err := box.Refused(t.Context())
	must(err)
	us, err := box.Unread(t.Context())
	must(err)
	w, err := box.Waiting(t.Context())
	must(err)
	if len(rs) != 1 || len(us) != 1 || w.Depth != 1 {
		t.Errorf("%d refused, %d unread, %d wait", len(rs), len(us), w.Depth)
	}
}
