package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLeafConfig: the configuration of a leaf node names the hub and the creds
// file, holds no secret, and listens on this machine only.
func TestLeafConfig(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := runKith(t, "nats-config", "-out", dir, "-agencies", "police", "-leaf", "127.0.0.1:7422"); code != exitGood {
		t.Fatal(errs)
	}
	server, err := os.ReadFile(filepath.Join(dir, "nats-server.conf"))
	if err != nil || !strings.Contains(string(server), "leafnodes") {
		t.Errorf("%v: %s", err, server)
	}
	creds := filepath.Join(dir, "creds", "police.creds")
	leaf := []string{"nats-config", "-out", filepath.Join(dir, "leaf"), "-leaf-of", "tls://hub.example:7422", "-creds", creds}
	if code, out, errs := runKith(t, leaf...); code != exitGood || !strings.Contains(out, "nats://127.0.0.1:4222") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	text, err := os.ReadFile(filepath.Join(dir, "leaf", "nats-leaf.conf"))
	if err != nil || !strings.Contains(string(text), creds) || strings.Contains(string(text), "SEED") {
		t.Errorf("%v: %s", err, text)
	}
	for _, clear := range [][]string{
		{"nats-config", "-out", dir, "-agencies", "police", "-listen", "0.0.0.0:4222"},
		{"nats-config", "-out", dir, "-agencies", "police", "-leaf", "0.0.0.0:7422"},
		{"nats-config", "-out", dir, "-leaf-of", "nats-leaf://hub.example:7422", "-creds", creds},
	} {
		if code, _, errs := runKith(t, clear...); code != exitFailed || !strings.Contains(errs, "certificate") && !strings.Contains(errs, "in clear") {
			t.Errorf("%v: exit %d: %s", clear, code, errs)
		}
	}
	if code, _, errs := runKith(t, append(leaf, "-listen", "0.0.0.0:4222")...); code != exitFailed || !strings.Contains(errs, "loopback") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
