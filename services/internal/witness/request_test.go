package witness

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func TestParseRequest(t *testing.T) {
	h := tlog.RecordHash([]byte("x")).String()
	for body, ok := range map[string]bool{
		"old 0\n\nx":                                   true,
		"old 17\n" + h + "\n\nx":                       true,
		"old 17\n" + h + "\n" + h + "\n\nx\n\ny":       true,
		"old 9223372036854775807\n\nx":                 true,
		"old 1\n" + strings.Repeat(h+"\n", 63) + "\nx": true,
		"old 1\n" + strings.Repeat(h+"\n", 64) + "\nx": false,
		"old 9223372036854775808\n\nx":                 false,
		"old -1\n\nx":                                  false,
		"old +1\n\nx":                                  false,
		"old 01\n\nx":                                  false,
		"old  1\n\nx":                                  false,
		"old 1 \n\nx":                                  false,
		"old 1\r\n\r\nx":                               false,
		"OLD 1\n\nx":                                   false,
		"old\n\nx":                                     false,
		"old 1\nx":                                     false,
		"old 1\n" + h:                                  false,
		"old 1\n" + h + "\r\n\nx":                      false,
		"old 1\n" + h[:40] + "\n\nx":                   false,
		"old 1\n" + strings.TrimRight(h, "=") + "\n\nx": false,
		"old 1\n" + h[:42] + "b=\n\nx":                  h[42] == 'b',
		"\n\nold 1\n\nx":                                false,
		"old 1\n\n" + strings.Repeat("x", maxRequest):   false,
	} {
		if r, err := parseRequest([]byte(body)); (err == nil) != ok {
			t.Errorf("%.60q: %v %v", body, r.old, err)
		}
	}
}

// There is one way to write a request, and whatever is read is written the same.
func FuzzParseRequest(f *testing.F) {
	h := tlog.RecordHash([]byte("x")).String()
	for _, s := range []string{"old 0\n\nx", "old 17\n" + h + "\n" + h + "\n\norigin\n3\n" + h + "\n\n— a b\n", "old 1\n\n", "\n\n", "old 01\n\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parseRequest(body)
		if err != nil {
			return
		}
		if !bytes.Equal(r.body(), body) {
			t.Errorf("%q was read as %q", body, r.body())
		}
		if len(r.proof) > maxProof || r.old < 0 {
			t.Errorf("%d hashes from %d", len(r.proof), r.old)
		}
	})
}

// Whatever is sent, it does not end the witness, and without the hub's key it is
// not cosigned.
func FuzzAdd(f *testing.F) {
	hub := newHubKey(f)
	h := new(history).grow(f, "a", 9)
	w := openWitness(f, f.TempDir(), testKey(f, "northshire-police"), hub)
	if status, _ := w.Add(hub.asks(f, h, 0, 4)); status != 200 {
		f.Fatal(status)
	}
	f.Add(hub.asks(f, h, 4, 4))
	f.Add(hub.asks(f, h, 0, 2))
	f.Add(newHubKey(f).asks(f, h, 4, 9))
	f.Add([]byte("old 4\n\n" + origin + "\n9\n" + h.root(f, 9).String() + "\n\n— kith-hub AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		status, answer := w.Add(body)
		if status == 200 && w.Size(origin) != 4 {
			t.Errorf("cosigned %q", body)
		}
		if len(answer) == 0 || answer[len(answer)-1] != '\n' {
			t.Errorf("answered %q", answer)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	h := tlog.RecordHash([]byte("x")).String()
	for _, s := range []string{fmt3("a", "0", h), fmt3("a", "17", h) + "more\n", "\n\n\n", fmt3("a", "01", h), ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint(text)
		if err == nil && !strings.HasPrefix(text, c.origin+"\n") {
			t.Errorf("%q", text)
		}
		if err == nil && !strings.Contains(text, "\n"+c.root.String()+"\n") {
			t.Errorf("%q has root %v", text, c.root)
		}
	})
}
