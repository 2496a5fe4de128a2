package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kith/services/internal/edge"
)

// finding is one thing that was looked at, and what to do if it is not good.
type finding struct {
	What string `json:"what"`
	Good bool   `json:"good"`
	Says string `json:"says"`
	Do   string `json:"do,omitempty"`
}

// patient is what the doctor looks at.
type patient struct {
	actor
	data string // the edge's folder; none if empty
	hub  string // address of the hub's pages; none if empty
	now  func() time.Time
}

// errSick is the end of an examination that found something.
var errSick = errors.New("something is not in order: each line says what to do")

// doctor looks at everything that stands between an agency and its first receipt.
func doctor(ctx context.Context, c *call) error {
	flags := c.asAgency()
	config := c.flags.String("config", "", "the configuration of your edge, instead of the other flags")
	hub := c.flags.String("hub", "", "address of the hub's pages, for example https://kith.example; that of the demonstration with -as")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	wait := c.flags.Duration("wait", 10*time.Second, "how long to look at most")
	rest, err := c.mixed()
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return c.wrong("there is nothing to name but flags")
	}
	p, err := c.patient(flags, *config, *hub)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	return c.report(p.examine(ctx), *asJSON)
}

func (c *call) patient(flags asAgency, config, hub string) (p patient, err error) {
	p = patient{hub: hub, now: time.Now}
	if config != "" {
		conf, err := loadAgency(config)
		p.link = conf.link()
		p.source, p.verifier, p.data = conf.Agency.Source, conf.Verifier, conf.Data
		return p, err
	}
	if _, none := os.Stat(*flags.demo); none != nil && *flags.creds == "" && *flags.url == "" {
		return p, c.wrong("name your edge's configuration with -config, or give -url, -creds and -agency, or have kith demo run beside (there is no %s) and say -as", *flags.demo)
	}
	if p.actor, err = flags.who(c); err == nil && hub == "" && *flags.url == "" {
		p.hub = demoURL(*flags.demo)
	}
	return p, err
}

// demoURL is where a demonstration serves its pages.
func demoURL(path string) string {
	var d demoFile
	if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &d) != nil {
		return ""
	}
	return d.URL
}

func (p patient) examine(ctx context.Context) []finding {
	fs := []finding{p.credentials(), p.receipts()}
	fs = append(fs, p.nats(ctx)...)
	if p.hub != "" {
		fs = append(fs, p.pages(ctx)...)
	}
	if p.data != "" {
		fs = append(fs, p.outbox(ctx)...)
	}
	return fs
}

func (c *call) report(fs []finding, asJSON bool) error {
	good := true
	for _, f := range fs {
		good = good && f.Good
		if asJSON {
			if err := json.NewEncoder(c.out).Encode(f); err != nil {
				return err
			}
			continue
		}
		mark := map[bool]string{true: "good", false: "BAD "}[f.Good]
		fmt.Fprintf(c.out, "%s  %-12s %s\n", mark, f.What, f.Says)
		if f.Do != "" {
			fmt.Fprintf(c.out, "      %-12s %s\n", "", f.Do)
		}
	}
	if !good {
		return errSick
	}
	return nil
}

// late is how long an event may wait before somebody should look.
const late = time.Hour

// outbox looks at what waits, without making an outbox where there is none.
func (p patient) outbox(ctx context.Context) []finding {
	path := filepath.Join(p.data, "outbox.db")
	bad := func(says, do string) []finding { return []finding{{"outbox", false, says, do}} }
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return bad("there is none in the folder that the configuration names", "start kith agency once with this configuration, or name the right folder as data")
	}
	b, err := edge.OpenBox(ctx, path)
	if err != nil {
		return bad("it cannot be opened", "see that you may read and write "+path+" and that the disk is not full")
	}
	defer b.Close()
	s, err := stand(ctx, b, 0)
	if err != nil {
		return bad("it cannot be read", "see that the disk is not full; keep a copy of "+path+" before you do anything else")
	}
	waits := finding{What: "outbox", Good: true, Says: fmt.Sprintf("%d events wait for the hub's answer%s", s.Depth, since(s.Oldest))}
	if s.Oldest != nil && p.now().Sub(*s.Oldest) > late {
		waits.Good, waits.Do = false, "see that kith agency runs, and to the other lines; nothing is lost, it is sent when the hub can be reached"
	}
	kept := finding{What: "refused", Good: len(s.Refused)+len(s.Unread) == 0,
		Says: fmt.Sprintf("%d events were refused by the hub, %d records could not be translated", len(s.Refused), len(s.Unread))}
	if !kept.Good {
		kept.Do = "kith outbox list -data " + p.data + " says why, and how to put each right"
	}
	return []finding{waits, kept}
}
