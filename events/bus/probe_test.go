package bus

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestCheckCreds(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	own, err := os.ReadFile(s.Creds(police))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(s.Creds(health))
	if err != nil {
		t.Fatal(err)
	}
	const key = "-----BEGIN USER NKEY SEED-----"
	before, _, _ := bytes.Cut(own, []byte(key))
	_, after, _ := bytes.Cut(other, []byte(key))
	for name, c := range map[string]struct {
		text []byte
		want error
	}{
		"own":               {own, nil},
		"another's":         {other, ErrCredsOfOther},
		"half":              {before, ErrNoCreds},
		"with another key":  {append(append(bytes.Clone(before), key...), after...), ErrNoCreds},
		"something else":    {[]byte("{}"), ErrNoCreds},
		"a token disturbed": {bytes.Replace(own, []byte("eyJ"), []byte("eyK"), 2), ErrNoCreds},
	} {
		file := filepath.Join(dir, "try.creds")
		if err := os.WriteFile(file, c.text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := CheckCreds(Link{Creds: file, Agency: police}, time.Now()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := CheckCreds(Link{Creds: filepath.Join(dir, "none"), Agency: police}, time.Now()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestLookAt(t *testing.T) {
	s, stranger := start(t, t.TempDir()), start(t, t.TempDir())
	l := Link{URL: s.URL(), Creds: s.Creds(police), Agency: police}
	if _, err := LookAt(within(t), l); !errors.Is(err, ErrNoInbox) {
		t.Errorf("before the hub came: %v", err)
	}
	connectHub(t, s)
	look, err := LookAt(within(t), l)
	if err != nil || look.RoundTrip <= 0 || look.Ahead.Abs() > look.RoundTrip+time.Second || !look.Expires.IsZero() {
		t.Errorf("%+v %v", look, err)
	}
	l.URL = stranger.URL()
	if _, err := LookAt(within(t), l); !errors.Is(err, ErrNotLetIn) {
		t.Errorf("of another operator: %v", err)
	}
	stranger.Shutdown()
	if _, err := LookAt(within(t), l); err == nil || errors.Is(err, ErrNotLetIn) {
		t.Errorf("where nobody listens: %v", err)
	}
}
