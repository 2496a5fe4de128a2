package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/police"
)

// held is a receipt that somebody holds, and what it was for.
type held struct {
	bus.Receipt
	sender string // who sends one after the other, each after the receipt of the last
	kid    int
}

// journal is what the senders were promised. It is in this process, which is not killed.
type journal struct {
	mu       sync.Mutex
	held     []held
	kept     [][]byte // native records that the edge said it keeps, whether or not the hub had answered
	repeated int      // sent once more on purpose, and answered the same
	wrong    []string
	views    atomic.Int64 // answers that somebody read
}

func (j *journal) add(h held) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.held = append(j.held, h)
}

func (j *journal) keep(record []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kept = append(j.kept, record)
}

func (j *journal) again(same bool, id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.repeated++
	if !same {
		j.wrong = append(j.wrong, id+" was answered with another receipt when it was sent again")
	}
}

func (j *journal) complain(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wrong = append(j.wrong, fmt.Sprintf(format, args...))
}

// receipts and records are how much was promised so far.
func (j *journal) receipts() int { j.mu.Lock(); defer j.mu.Unlock(); return len(j.held) }
func (j *journal) records() int  { j.mu.Lock(); defer j.mu.Unlock(); return len(j.kept) }

func (j *journal) all() []held {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]held(nil), j.held...)
}

// a child of every few events is a new one, so that identity has work.
const perKid = 5

// senders publish until they are stopped: two agencies over NATS with their own
// connections, which last over all kills, four senders each; and the police's
// record system by HTTP to the police's edge.
func (v *victim) senders(t *testing.T, j *journal) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var links []*bus.Agency
	for _, a := range v.agencies[:2] {
		link, err := bus.Connect(ctx, bus.Link{URL: v.nats, Creds: v.creds(a.ID), Agency: a.ID})
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, link)
		for n := range 4 {
			s := sender{link: link, agency: a, number: n, journal: j}
			wg.Go(func() { s.run(ctx) })
		}
	}
	record, err := os.ReadFile("../police/testdata/encompass.json")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 8 {
		wg.Go(func() { v.records(ctx, n, record, j) })
	}
	wg.Go(func() { v.looks(ctx, j) })
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		for _, l := range links {
			l.Close()
		}
	})
	t.Cleanup(stop)
	return stop
}

// sender sends one event after the other, each after the receipt of the one before.
type sender struct {
	link    *bus.Agency
	agency  events.Agency
	number  int
	journal *journal
}

func (s sender) run(ctx context.Context) {
	name := fmt.Sprint(s.agency.ID, " ", s.number)
	for n := 0; ctx.Err() == nil; n++ {
		kid := s.number + 4*(n/perKid)
		m := s.message(fmt.Sprintf("kill-%d-%d", s.number, n), kid)
		a, ok := s.send(ctx, m)
		if !ok {
			return
		}
		if a.Receipt == nil {
			s.journal.complain("%s was refused: %v", name, refused(a))
			return
		}
		s.journal.add(held{*a.Receipt, name, kid})
		if n%7 == 0 {
			if b, ok := s.send(ctx, m); ok {
				s.journal.again(b.Receipt != nil && b.Receipt.Note == a.Receipt.Note, a.Receipt.ID)
			}
		}
	}
}

// send sends until there is an answer, as a system does that has an outbox.
func (s sender) send(ctx context.Context, m bus.Message) (bus.Answer, bool) {
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
		a, err := s.link.Send(attempt, m)
		cancel()
		if err == nil {
			return a, true
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return bus.Answer{}, false
}

// message is about a child and a parent, so that each goes to three streams.
func (s sender) message(id string, kid int) bus.Message {
	k := numbered(kid)
	about := []any{k.person(fmt.Sprint("child-", kid)), map[string]any{"localId": fmt.Sprint("parent-", kid), "role": "parent",
		"name": map[string]any{"given": "Morgan", "family": k.family}}}
	typ, fact := "uk.kith.police.missing-episode.v1", map[string]any{"policeReference": id,
		"missingSince": "2026-11-21T20:00:00Z", "missingFrom": "home", "circumstances": "Not home from school."}
	if s.agency.Kind == events.KindHealth {
		typ, fact = "uk.kith.health.emergency-attendance.v1", map[string]any{"provider": "Northshire Hospital",
			"arrivedAt": "2026-11-21T20:00:00Z", "reason": "A cut to the left hand."}
	}
	return bus.Message{Header: map[string][]string{"Content-Type": {"application/cloudevents+json"}},
		Body: cloudEvent(s.agency.Source, id, typ, shared("core", about, fact))}
}

// numbered is the n-th of many invented children. Their names are letters only,
// as names are compared without anything else.
func numbered(n int) kid {
	var letters strings.Builder
	for i := n; ; i /= 26 {
		letters.WriteByte(byte('a' + i%26))
		if i < 26 {
			break
		}
	}
	born := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n%3000)
	return kid{given: "Kestrel", family: "Tester" + letters.String(), born: born.Format(time.DateOnly), nhs: numberOf(n)}
}

// numberOf is an NHS number of the range that nobody is given. Where nine digits
// have no check digit the child has none.
func numberOf(n int) string {
	nine := fmt.Sprintf("9995%05d", n)
	for c := range 10 {
		if s := nine + fmt.Sprint(c); events.ValidNHSNumber(s) {
			return s
		}
	}
	return ""
}

// records hands native records to the police's edge. What it answered with 202
// it keeps, receipt or not.
func (v *victim) records(ctx context.Context, number int, record []byte, j *journal) {
	for n := 0; ctx.Err() == nil; n++ {
		mine := bytes.ReplaceAll(record, []byte("NP-2026-110345"), fmt.Appendf(nil, "NP-2026-%d%05d", number+1, n))
		for ctx.Err() == nil {
			receipts, _, err := v.hand(ctx, mine)
			if err == nil {
				j.keep(mine)
				for _, r := range receipts {
					j.add(held{r, "", -1})
				}
				break
			}
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

// hand posts a record and returns the receipts that came at once, and how many
// are waited for still.
func (v *victim) hand(ctx context.Context, record []byte) (receipts []bus.Receipt, waiting int, err error) {
	req, err := http.NewRequestWithContext(ctx, "POST", v.policeAt+"/encompass", bytes.NewReader(record))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+recordsToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusAccepted {
		return nil, 0, errors.Join(err, errors.New(res.Status))
	}
	var a struct {
		Receipts []bus.Receipt
		Waiting  int
	}
	err = json.Unmarshal(body, &a)
	return a.Receipts, a.Waiting, err
}

// named is the id of the event that a record becomes.
func named(t *testing.T, record []byte) string {
	t.Helper()
	ns, err := police.Encompass(record)
	if err != nil || len(ns) != 1 {
		t.Fatalf("a record of the test: %d notices, %v", len(ns), err)
	}
	return ns[0].ID
}

// looks reads children's views, now and then. Each answer was recorded before.
func (v *victim) looks(ctx context.Context, j *journal) {
	for n := 0; ctx.Err() == nil; n++ {
		if _, ok := v.look(ctx, officerToken, n%8); ok {
			j.views.Add(1)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// look finds a child and reads its view.
func (v *victim) look(ctx context.Context, token string, kid int) (seenView, bool) {
	k := numbered(kid)
	var found struct{ Matches []struct{ Child string } }
	body := fmt.Sprintf(`{"name":{"given":%q,"family":%q},"dateOfBirth":%q,"purpose":"s47"}`, k.given, k.family, k.born)
	if !v.ask(ctx, token, "POST", "/v1/children/search", body, &found) || len(found.Matches) != 1 {
		return seenView{}, false
	}
	var seen seenView
	return seen, v.ask(ctx, token, "GET", "/v1/children/"+found.Matches[0].Child+"/view?purpose=s47", "", &seen)
}

// ask asks the hub and reads a 200.
func (v *victim) ask(ctx context.Context, token, method, path, body string, into any) bool {
	req, err := http.NewRequestWithContext(ctx, method, v.hubURL+path, strings.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return err == nil && res.StatusCode == http.StatusOK && json.Unmarshal(b, into) == nil
}
