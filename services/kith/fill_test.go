package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/services/identity"
	"kith/services/intake"
	"kith/services/internal/sqlite"
)

// What fill writes is what the hub would have written: intake knows each event
// again, and identity agrees with every link and has nothing to add.
func TestFill(t *testing.T) {
	dir := t.TempDir()
	last, err := fill(t.Context(), dir, 10*700, 700)
	if err != nil || last != 7000 {
		t.Fatalf("%d events: %v", last, err)
	}
	ks, log := openKeys(t, filepath.Join(dir, "keys")), openLog(t, filepath.Join(dir, "events.db"))
	defer ks.Close()
	defer log.Close()
	st := store.New(log, ks)
	signer, err := bus.NewSigner(filepath.Join(dir, "keys", "receipts.key"))
	if err != nil {
		t.Fatal(err)
	}
	in, err := intake.New(intake.Config{Store: st, Signer: signer, Agencies: northshire(), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"fill-0-0", "fill-699-0", "fill-350-2"} {
		if _, err := in.Receipt(t.Context(), "northshire-police", northshire()[0].Source, id); err != nil {
			t.Errorf("intake does not know %s: %v", id, err)
		}
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "identity.db"), sqlite.Rebuildable)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	who, err := identity.New(t.Context(), identity.Config{Store: st, DB: db, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer who.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := who.Wait(ctx, last); err != nil {
		t.Fatal(err)
	}
	f := filling{store: st}
	for _, child := range []int{0, 123, 699} {
		for i := range 2 {
			if c, linked, err := who.ChildOf(ctx, f.subject(child, i)); err != nil || !linked || c != f.child(child) {
				t.Errorf("child %d at agency %d: %q %v", child, i, c, err)
			}
		}
		if n := filledNumber(child); n != nil {
			found, err := who.Find(ctx, events.Query{NHSNumber: n.Value, DateOfBirth: f.born(child)})
			if err != nil || len(found) != 1 {
				t.Errorf("child %d is found %d times: %v", child, len(found), err)
			}
		}
	}
	if now, err := st.Last(ctx); err != nil || now != last {
		t.Errorf("identity added %d events: %v", now-last, err)
	}
}
