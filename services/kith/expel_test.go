package main

import (
	"path/filepath"
	"testing"
	"time"

	"kith/events"
	"kith/services/internal/telemetry"
)

// A hub that let an agency go has no connection into its account any more: where
// NATS is a server of its own, that would still be open.
func TestExpelCutsTheLink(t *testing.T) {
	dir := t.TempDir()
	conf, err := loadHub(conf(t, dir, "hub.json", map[string]any{
		"addr": "127.0.0.1:0", "adminAddr": "127.0.0.1:0", "data": filepath.Join(dir, "hub"), "nats": map[string]any{"listen": freeAddr(t)},
		"agencies": northshire(), "authority": authority,
	}))
	if err != nil {
		t.Fatal(err)
	}
	tel, err := telemetry.Start(t.Context(), "kith-test")
	if err != nil {
		t.Fatal(err)
	}
	p, nats, err := conf.partnership(tel.ErrorLog())
	if err != nil {
		t.Fatal(err)
	}
	defer nats.Shutdown()
	h, err := openHub(t.Context(), p, tel)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	const police events.AgencyID = "northshire-police"
	if _, err := h.bus.LastTold(t.Context(), police); err != nil {
		t.Fatal(err)
	}
	if err := h.expel(police); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := h.bus.LastTold(t.Context(), police); err == nil || time.Since(start) > 5*time.Second { // a link that is there is asked for ten
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}
