package main

import (
	"fmt"
	"net/http"
	"time"

	"kith/events"
	"kith/services/kith/families"
)

// view reads the shared view of a child over HTTP: the fold, the decision on
// each item, the ledger's entry on stable storage, and the answer's bytes.
func (b benchmark) view(d *demonstration) error {
	if err := d.serve("127.0.0.1:0", d.hub.tel); err != nil {
		return err
	}
	seeded := 0
	for _, items := range []int{30, 1000} {
		var children []events.ChildID
		for range 5 {
			child, err := b.seed(d, seeded, items)
			if err != nil {
				return fmt.Errorf("seed a child with %d items: %w", items, err)
			}
			children, seeded = append(children, child), seeded+1
		}
		if err := b.readMany(d, children, items); err != nil {
			return err
		}
	}
	return nil
}

// seed gives a child its items, all but one from the police, through the agency
// services, and one from social care, by which the reader has to do with it.
func (b benchmark) seed(d *demonstration, i, items int) (events.ChildID, error) {
	nhs := &events.NHSNumber{Value: families.TestNHSNumber(900_000 + i), Status: events.NHSVerified}
	var ns []events.Notice
	for k := range items - 1 {
		n := benchNotice(i, i*10_000+k)
		n.Report.About[0].Identifiers.NHSNumber = nhs
		ns = append(ns, n)
	}
	own := benchNotice(i, i*10_000+items)
	own.Report.Fact = events.InvolvementChanged{Service: "child in need", Team: "Assessment team", Since: "2026-01-05"}
	own.Report.About[0].Identifiers.NHSNumber = nhs
	if _, err := d.publishNotices(b.ctx, benchPolice, ns); err != nil {
		return "", err
	}
	last, err := d.publishNotices(b.ctx, authority, []events.Notice{own})
	if err != nil {
		return "", err
	}
	if err := d.hub.caughtUp(b.ctx, last); err != nil {
		return "", err
	}
	found, err := d.hub.identity.Find(b.ctx, events.Query{NHSNumber: nhs.Value, DateOfBirth: "2015-04-01"})
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("found %d children: %w", len(found), err)
	}
	return found[0], nil
}

// readMany reads the children in turn. The first read of each is reported apart:
// the hub has to open the whole history then.
func (b benchmark) readMany(d *demonstration, children []events.ChildID, items int) error {
	first, again := newTimes(), newTimes()
	for i := range len(children) + b.reads {
		at := time.Now()
		if err := b.read(d, children[i%len(children)]); err != nil {
			return err
		}
		took := again
		if i < len(children) {
			took = first
		}
		took.add(time.Since(at))
	}
	cond := func(what string) map[string]string {
		return conditions("what", fmt.Sprintf("%d items, one reader, %s", items, what), "items", fmt.Sprint(items), "filled", fmt.Sprint(b.filled))
	}
	err := b.latencies("view", "first_read_", first.all, cond(fmt.Sprintf("first read of each of %d children", len(children))))
	if err == nil {
		err = b.latencies("view", "", again.all, cond(fmt.Sprintf("%d reads of %d children in turn", b.reads, len(children))))
	}
	return err
}

func (b benchmark) read(d *demonstration, child events.ChildID) error {
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, d.file.URL+"/v1/children/"+string(child)+"/view?purpose=s47", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+d.file.Tokens["chair"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := discard(res.Body); err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("read the view: %s: %w", res.Status, err)
	}
	return nil
}
