package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/gateway"
)

// The hub and an agency as they are deployed, each with a configuration file of
// its own, in one test: a native record goes in at the agency's door, its receipt
// comes back, and the hub's API shows what was shared.
func TestHubAndAgency(t *testing.T) {
	dir := t.TempDir()
	hubAddr, agencyAddr, natsAddr := freeAddr(t), freeAddr(t), freeAddr(t)
	agencies := northshire()
	hubConf := map[string]any{
		"addr": hubAddr, "adminAddr": freeAddr(t), "data": filepath.Join(dir, "hub"),
		"nats": map[string]any{"listen": natsAddr}, "agencies": agencies, "authority": authority, "doors": []string{"oakfield-school", string(authority)},
		"users": []any{map[string]any{"actor": "officer", "name": "Officer", "agency": "northshire-police", "role": "practitioner", "tokenSHA256": hash("officer-token")},
			map[string]any{"actor": "lead", "name": "Lead", "agency": "oakfield-school", "role": "dsl", "tokenSHA256": hash("lead-token")}},
	}
	runWith(t, "hub", conf(t, dir, "hub.json", hubConf))
	ready(t, "http://"+hubAddr+"/readyz")
	agencyConf := map[string]any{
		"agency": agencies[0], "addr": agencyAddr, "adminAddr": freeAddr(t), "data": filepath.Join(dir, "police"),
		"nats":    map[string]any{"url": "nats://" + natsAddr, "creds": filepath.Join(dir, "hub", "nats", "creds", "northshire-police.creds")},
		"clients": []any{map[string]any{"name": "records", "tokenSHA256": hash("records-token")}},
	}
	runWith(t, "agency", conf(t, dir, "police.json", agencyConf))
	ready(t, "http://"+agencyAddr+"/livez")

	record, err := os.ReadFile("../police/testdata/encompass.json")
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := post(t, "http://"+agencyAddr+"/encompass", "no-such-token", record); status != http.StatusUnauthorized {
		t.Errorf("a stranger handed in a record: %d", status)
	}
	status, body := post(t, "http://"+agencyAddr+"/encompass", "records-token", record)
	if status != http.StatusAccepted || !strings.Contains(body, "kith receipt") {
		t.Fatalf("%d %s", status, body)
	}
	search := []byte(`{"name":{"given":"Wren","family":"Testerly"},"dateOfBirth":"2015-06-14","purpose":"s47"}`)
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // a receipt does not wait for the read models
		status, body = post(t, "http://"+hubAddr+"/v1/children/search", "officer-token", search)
		if strings.Contains(body, `"child"`) {
			break
		}
		if status != http.StatusOK || time.Now().After(until) {
			t.Fatalf("the officer does not find the child: %d %s", status, body)
		}
	}
	status, body = post(t, "http://"+hubAddr+"/v1/concerns", "lead-token", []byte(`{"givenName":"Wren","familyName":"Testerly","dateOfBirth":"2015-06-14","upn":"B801200005001",
		"observed":"Very tired.","safeNow":"yes","familyTold":true}`))
	if status != http.StatusAccepted {
		t.Errorf("the hub's own door for a school: %d %s", status, body)
	}
}

func hash(token string) string {
	h := gateway.HashToken(token)
	return hex.EncodeToString(h[:])
}

// freeAddr is a loopback address that nobody listens on a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func conf(t *testing.T, dir, name string, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runWith runs a subcommand with its configuration until the test ends.
func runWith(t *testing.T, command, file string) {
	t.Helper()
	runUntil(t, command, file)
}

// runUntil is runWith for a test that stops it, or reads what it says.
func runUntil(t *testing.T, command, file string) (stop func(), said *lockedBuffer) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	said = &lockedBuffer{}
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{command, "-config", file}, said, said) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if code := <-done; code != exitGood {
				t.Errorf("kith %s ended with %d: %s", command, code, said.String())
			}
		})
	}
	t.Cleanup(stop)
	return stop, said
}

// waitFor waits until a process said something and returns its first group.
func waitFor(t *testing.T, said *lockedBuffer, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if m := re.FindStringSubmatch(said.String()); m != nil {
			return m[1]
		}
		if time.Now().After(until) {
			t.Fatalf("it never said %s: %s", pattern, said)
		}
	}
}

// fetch reads a page.
func fetch(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func ready(t *testing.T, url string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(url)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(until) {
			t.Fatal("not ready: ", url)
		}
	}
}

func post(t *testing.T, url, token string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	defer res.Body.Close()
	if _, err := b.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, b.String()
}

// Wrong command lines say what is wrong and end with 2.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"nonsense"}, {"hub"}, {"agency"}, {"bench"}, {"bench", "nonsense"}, {"nats-config"}, {"backup"}, {"restore", "-from", "x", "-data", "y"}, {"lost", "-data", "x"},
		{"demo", "-addr", "0.0.0.0:8080"}, {"demo", "-no-such-flag"}} {
		var said bytes.Buffer
		if code := run(t.Context(), args, &said, &said); code != exitUsage || said.Len() == 0 {
			t.Errorf("kith %v ended with %d and said %q", args, code, said.String())
		}
	}
	for _, c := range commands() {
		var said bytes.Buffer
		if code := run(t.Context(), []string{c.name, "-h"}, &said, &said); code != exitGood || !strings.Contains(said.String(), "kith "+c.name) {
			t.Errorf("kith %s -h ended with %d and said %q", c.name, code, said.String())
		}
	}
	if code := run(t.Context(), []string{"health", "-url", fmt.Sprintf("http://%s/", freeAddr(t))}, &bytes.Buffer{}, &bytes.Buffer{}); code != exitFailed {
		t.Errorf("the health of nobody: %d", code)
	}
}
