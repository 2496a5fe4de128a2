package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/education"
	"kith/services/kith/families"
)

// existence asks for children that are there and hidden from the reader, and for
// such as are not there, in turns that chance decides, and compares how long the
// answers took. It asks the hub in its own process, without a network, where the
// least shows most.
func (b benchmark) existence(d *demonstration) error {
	hidden, err := b.hide(d)
	if err != nil {
		return err
	}
	for _, q := range vainQuestions(hidden) {
		there, absent, err := b.interleave(d.hub.routes(), d.file.Tokens["otherdsl"], q)
		if err != nil {
			return err
		}
		if err := b.compare(q.name, there, absent); err != nil {
			return err
		}
	}
	return nil
}

// hidden is what somebody else may not know of.
type hidden struct {
	children []events.ChildID
	numbers  []string // NHS numbers of the same
	nobodys  []string // and of nobody
	concern  string   // the reference of a concern
}

// hide seeds children of 30 items, whom the police and social care know, and a
// concern. No school but the one that raised it is to know of any.
func (b benchmark) hide(d *demonstration) (h hidden, err error) {
	for i := range 5 {
		child, err := b.seed(d, i, 30)
		if err != nil {
			return h, fmt.Errorf("seed a hidden child: %w", err)
		}
		h.children, h.numbers = append(h.children, child), append(h.numbers, families.TestNHSNumber(900_000+i))
		h.nobodys = append(h.nobodys, families.TestNHSNumber(800_000+i))
	}
	h.concern, err = b.raise(d)
	return h, err
}

// raise sends a school's concern and returns its reference.
func (b benchmark) raise(d *demonstration) (string, error) {
	f := education.ConcernForm{Pupil: education.Pupil{GivenName: "Bench", FamilyName: "Hidden", DateOfBirth: "2015-04-01"},
		Observed: "She would not take her coat off.", SafeNow: events.SafeUnsure, FamilyTold: true}
	ref, a, err := d.hub.concern(b.ctx, events.Reader{Actor: "bench", Agency: "oakfield-school", Role: events.RoleDSL}, f)
	if err == nil && a.Receipt == nil {
		err = errors.New("it was refused")
	}
	if err != nil {
		return "", fmt.Errorf("raise a concern: %w", err)
	}
	return ref, d.hub.caughtUp(b.ctx, store.Position(a.Receipt.Position))
}

// vain is a question that is answered with nothing; half of them are about what
// is there.
type vain struct {
	name, method string
	target, body func(there bool) string
}

func vainQuestions(h hidden) []vain {
	child := func(there bool) string {
		if there {
			return string(h.children[rand.IntN(len(h.children))])
		}
		return fmt.Sprintf("c%019d", rand.IntN(5))
	}
	none := func(bool) string { return "" }
	return []vain{
		{"view", "GET", func(there bool) string { return "/v1/children/" + child(there) + "/view?purpose=s47" }, none},
		{"act", "POST", func(there bool) string { return "/v1/children/" + child(there) + "/consents" }, func(bool) string { return "{}" }},
		{"search", "POST", func(bool) string { return "/v1/children/search" }, func(there bool) string {
			numbers := h.nobodys
			if there {
				numbers = h.numbers
			}
			return `{"nhsNumber":"` + numbers[rand.IntN(len(numbers))] + `","dateOfBirth":"2015-04-01","purpose":"s47"}`
		}},
		{"concern", "GET", func(there bool) string {
			if there {
				return "/v1/concerns/" + h.concern
			}
			return "/v1/concerns/AAAA-BBBB-CCCC"
		}, none},
	}
}

// askers is how many ask side by side; an answer in vain waits for most of its time.
const askers = 8

// interleave asks b.reads times.
func (b benchmark) interleave(hub http.Handler, token string, q vain) (there, absent []time.Duration, err error) {
	took := [2]*times{newTimes(), newTimes()}
	ctx, cancel := context.WithCancelCause(b.ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range askers {
		wg.Go(func() {
			for range b.reads / askers {
				side := rand.IntN(2)
				d, err := q.ask(ctx, hub, token, side == 0)
				if err != nil {
					cancel(err)
					return
				}
				took[side].add(d)
			}
		})
	}
	wg.Wait()
	return took[0].all, took[1].all, context.Cause(ctx)
}

// ask makes the request before the clock runs.
func (q vain) ask(ctx context.Context, hub http.Handler, token string, there bool) (time.Duration, error) {
	r := httptest.NewRequestWithContext(ctx, q.method, q.target(there), strings.NewReader(q.body(there)))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	begun := time.Now()
	hub.ServeHTTP(rec, r)
	took := time.Since(begun)
	if rec.Code != http.StatusNotFound && (rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"matches":[]`)) {
		return 0, errors.Join(ctx.Err(), fmt.Errorf("%s: answered with %d", q.name, rec.Code))
	}
	return took, nil
}

// compare prints |t| as leak has it, how far the means lie apart, and the least
// that so many answers of this machine would have shown.
func (b benchmark) compare(name string, there, absent []time.Duration) error {
	ma, va := meanAndVariance(there)
	mb, vb := meanAndVariance(absent)
	cond := conditions("what", fmt.Sprintf("%d answers about a hidden, %d about an absent one, %d side by side", len(there), len(absent), askers))
	for _, m := range []measurement{
		{"existence", name + "_t", leak(there, absent), "|t|", cond},
		{"existence", name + "_difference", math.Abs(ma-mb) / 1000, "us", cond},
		{"existence", name + "_would_show", 4.5 * math.Sqrt(va/float64(len(there))+vb/float64(len(absent))) / 1000, "us", cond},
		{"existence", name + "_mean", mb / 1e6, "ms", cond},
	} {
		if err := b.print(m); err != nil {
			return err
		}
	}
	return nil
}
