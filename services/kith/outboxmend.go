package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kith/events"
	"kith/services/internal/edge"
)

// correct sends an event in place of one that was refused, called by its number, or
// accepted, called by its id.
func correct(ctx context.Context, c *call, b *edge.Box, which, file string) error {
	if _, ok := numberIn("r", which); ok {
		return c.wrong("only an event is corrected here, e1 and the like or the id of one; hand a record in again at its door")
	}
	event, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n, ok := numberIn("e", which); ok {
		if err := b.Correct(ctx, n, event); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "it is kept, and kith agency sends it in place of the one that was refused")
		return nil
	}
	if err := b.Replace(ctx, which, event); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "it is kept, and kith agency sends it in place of the one that was accepted; the hub tells whoever was shown that")
	return nil
}

// reasons are why an event may be withdrawn.
func reasons() []string {
	return []string{string(events.WrongPerson), string(events.NotTrue), string(events.NotLawful), string(events.SharedTwice), string(events.AnotherReason)}
}

const longestNote = 20000 // characters: schemas/common.v1.json, narrative

// withdraw takes back an event that was accepted. More of why may name somebody, so
// that it comes from a file or from standard input.
func withdraw(ctx context.Context, c *call, b *edge.Box, id, reason, note string) error {
	if !slices.Contains(reasons(), reason) {
		return c.wrong("say why with -reason: one of %s", strings.Join(reasons(), ", "))
	}
	w := events.Withdrawn{Reason: events.WithdrawalReason(reason)}
	if note != "" {
		text, err := noteIn(note)
		if err != nil {
			return err
		}
		w.Note = text
	}
	if w.Reason == events.AnotherReason && w.Note == "" {
		return c.wrong("-reason other wants more of why: -note FILE, or -note - for standard input")
	}
	if err := b.Withdraw(ctx, id, w, time.Now()); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "it is kept, and kith agency sends it: from then on nothing of the event is shown, and the hub tells whoever was shown it")
	return nil
}

func noteIn(file string) (string, error) {
	raw, err := input(file)
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(raw))
	if !utf8.ValidString(text) || text == "" || utf8.RuneCountInString(text) > longestNote {
		return "", fmt.Errorf("the note has to be text in UTF-8 of at most %d characters", longestNote)
	}
	return text, nil
}
