package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutboxCommand: while the hub is away a school hands in, by a watched folder,
// a record that is right and one that no translator understands, and sees both.
func TestOutboxCommand(t *testing.T) {
	dir := t.TempDir()
	data, drop := filepath.Join(dir, "data"), filepath.Join(dir, "drop")
	if code, _, errs := runKith(t, "nats-config", "-out", dir, "-agencies", "oakfield-school"); code != 0 {
		t.Fatal(errs)
	}
	runWith(t, "agency", conf(t, dir, "school.json", map[string]any{
		"agency": map[string]any{"id": "oakfield-school", "kind": "education", "name": "Oakfield", "source": "urn:kith:agency:oakfield-school"},
		"addr":   freeAddr(t), "adminAddr": freeAddr(t), "data": data,
		"nats":    map[string]any{"url": "nats://" + freeAddr(t), "creds": filepath.Join(dir, "creds", "oakfield-school.creds")},
		"folders": []any{map[string]any{"path": drop, "door": "/extracts"}},
	}))
	until(t, func() bool { _, err := os.Stat(filepath.Join(drop, "refused")); return err == nil })
	row, err := os.ReadFile("../education/testdata/extract-one.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"right.json": row, "wrong.json": []byte(`{"what": 1}`)} {
		if err := os.WriteFile(filepath.Join(drop, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	until(t, func() bool { s := listed(t, data); return len(s.Unread) == 1 && s.Depth == 1 && s.Oldest != nil })
	until(t, func() bool {
		_, err := os.Stat(filepath.Join(drop, "refused", "wrong.json.result.json"))
		return err == nil
	})
	for _, c := range []struct {
		code int
		args string
		says string
	}{
		{0, "show r1", `{"what": 1}`},
		{0, "list", "1 events wait for the hub's answer, the oldest since 20"},
		{0, "list", "r1  could not be translated by /extracts"},
		{1, "show e9", ""},
		{1, "drop e1", ""}, // it waits
		{1, "correct e1 no-such-file", ""},
		{2, "correct r1 x", ""},
		{0, "drop r1", ""},
		{1, "drop r1", ""},
		{2, "lists", ""},
	} {
		verb, rest, _ := strings.Cut(c.args, " ")
		code, out, errs := runKith(t, append([]string{"outbox", verb, "-data", data}, strings.Fields(rest)...)...)
		if code != c.code || !strings.Contains(out, c.says) || verb == "list" && strings.Contains(out, `"what"`) {
			t.Errorf("%s: exit %d: %s%s", c.args, code, out, errs)
		}
	}
}

func listed(t *testing.T, data string) (s standing) {
	t.Helper()
	if code, out, _ := runKith(t, "outbox", "list", "-data", data, "-json"); code == 0 {
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
