package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

// Words begin with one of these. The first has a letter that is written in other
// ways where it is escaped; not every field takes it.
var markers = [2]string{"Zaunkönigin", "Zaunkoenigin"}

// seen are the words in some bytes, in whatever way they are written there: plain,
// escaped as in JSON, HTML or an address, in base64 at any of its three offsets, in
// hexadecimal or in UTF-16.
func seen(b []byte) (found []string) {
	for _, w := range written() {
		for rest := b; ; {
			at := bytes.Index(rest, w.bytes)
			if at < 0 {
				break
			}
			end := min(len(rest), at+len(w.bytes)+w.more)
			found = append(found, w.how+" "+string(rest[at:end]))
			rest = rest[at+len(w.bytes):]
		}
	}
	return found
}

type writing struct {
	how   string
	bytes []byte
	more  int // bytes of the number that follows
}

func written() (all []writing) {
	for _, m := range markers {
		add := func(how, text string, more int) { all = append(all, writing{how, []byte(text), more}) }
		add("plain", m, 4)
		add("hex", hex.EncodeToString([]byte(m)), 8)
		add("HEX", strings.ToUpper(hex.EncodeToString([]byte(m))), 8)
		for i, order := range []string{"utf-16le", "utf-16be"} {
			var u []byte
			for _, c := range utf16.Encode([]rune(m)) {
				u = append(u, byte(c>>(8*i)), byte(c>>(8*(1-i))))
			}
			add(order, string(u), 8)
		}
		for off := range 3 {
			text := base64.StdEncoding.EncodeToString(append(make([]byte, off), m...))
			from := (off*8 + 5) / 6
			whole := (off + len(m)) * 8 / 6
			add(fmt.Sprint("base64 at ", off), text[from:whole], 6)
			add(fmt.Sprint("base64url at ", off), strings.NewReplacer("+", "-", "/", "_").Replace(text[from:whole]), 6)
		}
		if esc := url.QueryEscape(m); esc != m {
			add("url", esc, 4)
			add("url", strings.ToLower(esc), 4)
			q, _ := json.Marshal(m)
			_ = q
			add("json", strings.ReplaceAll(m, "ö", `\u00f6`), 4)
			add("html", strings.ReplaceAll(m, "ö", "&#246;"), 4)
		}
	}
	return all
}

// The sweep must be able to find.
func TestSeen(t *testing.T) {
	for _, m := range markers {
		word := m + "0042"
		var u []byte
		for _, c := range utf16.Encode([]rune("x" + word)) {
			u = append(u, byte(c), byte(c>>8))
		}
		for how, b := range map[string][]byte{
			"plain": []byte("..." + word), "json": []byte(strings.ReplaceAll(word, "ö", `\u00f6`)), "url": []byte(url.PathEscape("a b " + word)), "utf-16": u,
			"hex": []byte(hex.EncodeToString([]byte(word))), "html": []byte(strings.ReplaceAll(word, "ö", "&#246;")),
			"base64 0": []byte(base64.StdEncoding.EncodeToString([]byte(word))), "base64 1": []byte(base64.RawURLEncoding.EncodeToString([]byte("?" + word))), "base64 2": []byte(base64.StdEncoding.EncodeToString([]byte("??" + word + "?"))),
		} {
			if len(seen(b)) == 0 {
				t.Errorf("%s is not seen as %s: %q", word, how, b)
			}
		}
	}
	if got := seen([]byte("Zaunkönig und Zaun")); len(got) != 0 {
		t.Errorf("seen where it is not: %q", got)
	}
}
