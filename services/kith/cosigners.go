package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/internal/telemetry"
	"kith/services/internal/witness"
)

// cosignEvery is how often the hub asks its witnesses at least: what was signed
// is cosigned that much later.
const cosignEvery = 10 * time.Second

// openWitnesses begins to ask the agencies for their cosignatures.
func (h *hub) openWitnesses(context.Context) (err error) {
	if len(h.witnesses) == 0 {
		h.tel.Log.Warn("no agency cosigns checkpoints: whoever has this hub's keys can write its past anew unseen; configure witnesses")
		return nil
	}
	h.collector, err = witness.OpenCollector(witness.CollectorConfig{
		Dir: filepath.Join(h.dir, "witness"), Verifier: h.signer.Verifier(), Logs: h.logs(),
		Witnesses: h.witnesses, Quorum: h.quorum, Ask: h.bus.AskWitness,
		Every: min(h.checkpoints(), cosignEvery), Now: time.Now, Log: h.tel.Log})
	if err != nil {
		return err
	}
	began := time.Now()
	for _, l := range h.logs() {
		h.tel.Metrics.Witnessed(filepath.Base(l.Origin), func() telemetry.Witnessed {
			s := h.collector.Standing(l.Origin)
			w := telemetry.Witnessed{Size: s.Size, Agreeing: s.Agreeing, Refusing: s.Refusing, Silent: s.Silent}
			switch {
			case !s.At.IsZero():
				w.Age = time.Since(s.At)
			case s.Agreeing+s.Refusing+s.Silent > 0: // asked, and never cosigned by enough
				w.Age = time.Since(began)
			}
			return w
		})
	}
	return nil
}

// cosigning says, as the hub starts, who cosigns.
func (h *hub) cosigning() string {
	if h.collector == nil {
		return "checkpoints are cosigned by nobody: witnesses is not in the configuration"
	}
	return fmt.Sprintf("checkpoints are cosigned by %d agencies; %d of them have to", len(h.witnesses), h.collector.Quorum())
}

// logs are the hub's two, as its trees have them.
func (h *hub) logs() []witness.Log {
	return []witness.Log{
		{Origin: originOf("events"), Checkpoint: h.trees.signed(h.trees.events), Consistency: h.trees.events.Consistency},
		{Origin: originOf("ledger"), Checkpoint: h.trees.signed(h.trees.ledger), Consistency: h.trees.ledger.Consistency},
	}
}

// cosigner is one agency of the demonstration as a witness, with a folder, a key
// and a connection of its own. It shares nothing with the hub but the process.
type cosigner struct {
	dir     string
	key     *witness.Key
	witness *witness.Witness
	link    *bus.Agency
	stop    func()
}

// witnessKeys makes the agencies' keys, or opens them, before there is a hub.
func (d *demonstration) witnessKeys(dir string) (map[events.AgencyID]string, error) {
	d.cosigners = map[events.AgencyID]*cosigner{}
	public := map[events.AgencyID]string{}
	for _, a := range northshire() {
		c := &cosigner{dir: filepath.Join(dir, "agencies", string(a.ID))}
		var err error
		if c.key, err = witnessKey(c.dir, a.ID); err != nil {
			return nil, fmt.Errorf("witness key of %s: %w", a.ID, err)
		}
		d.cosigners[a.ID], public[a.ID] = c, c.key.Verifier()
	}
	return public, nil
}

// cosign lets the agencies answer, when the hub's public key is known.
func (d *demonstration) cosign(ctx context.Context, tel *telemetry.Telemetry) error {
	for id, c := range d.cosigners {
		var err error
		if c.witness, err = openWitness(c.dir, c.key, d.hub.signer.Verifier(), tel.Log); err != nil {
			return err
		}
		if c.link, err = bus.Connect(ctx, bus.Link{URL: d.nats.URL(), Creds: d.nats.Creds(id), Agency: id}); err != nil {
			return err
		}
		c.stop = answering(c.link, c.witness, tel.Log)
	}
	tel.Metrics.WitnessConflicts(func() (n int) {
		for _, c := range d.cosigners {
			n += c.witness.Conflicts()
		}
		return n
	})
	return nil
}

func (c *cosigner) close() {
	if c.stop != nil {
		c.stop()
	}
	if c.link != nil {
		c.link.Close()
	}
}
