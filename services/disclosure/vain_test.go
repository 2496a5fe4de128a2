package disclosure

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"kith/events"
	"kith/services/fault"
)

// Whoever is told nothing is told it at the same moment, however long it took to
// find out: at the end of a turn.
func TestVainAnswersAreEven(t *testing.T) {
	turn := 50 * time.Millisecond
	r := reader("otherdsl")
	for name, ask := range map[string]func(context.Context, *Gate) error{
		"view": func(ctx context.Context, g *Gate) error {
			_, err := g.Child(ctx, r, wren, events.PurposeSection47, nil)
			return err
		},
		"act":     func(ctx context.Context, g *Gate) error { return g.MayAct(ctx, r, wren, "open") },
		"concern": func(ctx context.Context, g *Gate) error { _, err := g.Concern(ctx, r, "C1"); return err },
		"search": func(ctx context.Context, g *Gate) error {
			_, err := g.Search(ctx, r, events.Query{NHSNumber: "9434765919"}, events.PurposeSection47)
			return err
		},
	} {
		for work, want := range map[time.Duration]time.Duration{0: turn, 3 * time.Millisecond: turn, 49 * time.Millisecond: turn, 51 * time.Millisecond: 2 * turn} {
			synctest.Test(t, func(t *testing.T) {
				w := here(family())
				w.concerns = []events.ConcernStatus{{Reference: "C1", Agency: school}}
				g := w.gate(t)
				g.Vain = turn
				found := g.Sources
				g.Sources.Picture = func(ctx context.Context, c events.ChildID, at *time.Time) (events.Picture, error) {
					time.Sleep(work)
					return found.Picture(ctx, c, at)
				}
				g.Sources.Concern = func(ctx context.Context, ref string) (events.ConcernStatus, error) {
					time.Sleep(work)
					return found.Concern(ctx, ref)
				}
				asked := time.Now()
				if err := ask(t.Context(), g); err != nil && err != fault.NotFound {
					t.Fatal(err)
				}
				if took := time.Since(asked); took > want || took < want-fine { // a nap is no part of the bubble's time
					t.Errorf("%s that takes %s is answered after %s, want %s", name, work, took, want)
				}
			})
		}
	}
}

// Whoever may look does not wait, and nobody waits for somebody who has gone.
func TestOnlyVainAnswersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := here(family()).gate(t)
		g.Vain = time.Hour
		asked := time.Now()
		if _, err := g.Child(t.Context(), reader("dsl"), wren, events.PurposeSection47, nil); err != nil {
			t.Fatal(err)
		}
		if err := g.MayAct(t.Context(), reader("chair"), wren, "convene"); err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.MayAct(gone, reader("otherdsl"), wren, "open"); err != fault.NotFound {
			t.Error(err)
		}
		if took := time.Since(asked); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}

// A gate that nobody configured is even.
func TestGateIsEvenByItself(t *testing.T) {
	w := &world{calls: map[string]int{}}
	g, err := New(t.Context(), Config{Agencies: agencies(), Record: w.record,
		Sources: Sources{Picture: w.picture, Find: w.find, Concern: w.concern, Concerns: w.listed}})
	if err != nil || g.Vain != inVain {
		t.Errorf("%v, %v", g.Vain, err)
	}
}
