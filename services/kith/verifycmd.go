package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"kith/events/bus"
)

// verifyRecord is kith verify.
func verifyRecord(ctx context.Context, c *call) error {
	v := verification{}
	c.flags.StringVar(&v.dir, "data", "", "the hub's data folder, or a copy or backup of it; nothing in it is changed")
	config := c.flags.String("config", "", "instead of -data: the hub's configuration, to verify the record where it lies, also in EventStoreDB")
	c.flags.StringVar(&v.verifier, "verifier", "", "the hub's public key, kith-hub+…; that of keys/receipts.key in the folder if not given")
	checkpoint := c.flags.String("checkpoint", "", "file of a checkpoint that somebody else kept: the record must go on from it")
	receipt := c.flags.String("receipt", "", "file of a receipt, as JSON, whose event is to be proved")
	proof := c.flags.String("proof", "", "file that the proof is written to")
	asJSON := c.flags.Bool("json", false, "print what was found as JSON")
	if err := c.parse(); err != nil {
		return err
	}
	switch {
	case (v.dir == "") == (*config == ""):
		return c.wrong("-data or -config is needed, one of them, for example: kith verify -data data")
	case v.verifier != "" && !bus.ValidVerifier(v.verifier):
		return c.wrong("-verifier must be the key that the hub prints as it starts, kith-hub+…")
	case (*receipt == "") != (*proof == ""):
		return c.wrong("-receipt and -proof go together")
	}
	if *config != "" {
		conf, err := loadHub(*config)
		if err != nil {
			return err
		}
		v.dir, v.keys, v.store = conf.Data, conf.Keys, conf.Store
	}
	if err := v.read(*checkpoint, *receipt); err != nil {
		return err
	}
	last := time.Now()
	v.progress = func(log string, n int64) {
		if time.Since(last) > 2*time.Second {
			last = time.Now()
			fmt.Fprintf(c.err, "%s: %d entries so far\n", log, n)
		}
	}
	a, err := v.verify(ctx)
	if err != nil {
		return err
	}
	if a.proof != nil {
		if err := os.WriteFile(*proof, a.proof.Text(), 0o600); err != nil {
			return err
		}
	}
	return a.say(c, *asJSON, *proof)
}

// read reads the files that the command line names.
func (v *verification) read(checkpoint, receipt string) error {
	if checkpoint != "" {
		b, err := os.ReadFile(checkpoint)
		if err != nil {
			return err
		}
		v.older = append(v.older, b)
		if len(v.checkpointsOf(originOf("events")))+len(v.checkpointsOf(originOf("ledger"))) == 0 {
			return fmt.Errorf("%s: not a checkpoint of this hub: its first line is neither %s nor %s",
				checkpoint, originOf("events"), originOf("ledger"))
		}
	}
	if receipt != "" {
		b, err := os.ReadFile(receipt)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &v.receipt); err != nil || v.receipt == nil {
			return fmt.Errorf("%s: not a receipt: expected the JSON object that the hub answered with", receipt)
		}
	}
	return nil
}

// say prints the answer; the error is errors enough for an exit code.
func (a verified) say(c *call, asJSON bool, proof string) error {
	if asJSON {
		e := json.NewEncoder(c.out)
		e.SetIndent("", "  ")
		if err := e.Encode(a); err != nil {
			return err
		}
	} else {
		a.print(c, proof)
	}
	if !a.Good {
		return errors.New("the record is not what was recorded, or cannot be shown to be")
	}
	return nil
}

func (a verified) print(c *call, proof string) {
	for _, r := range a.Logs {
		fmt.Fprintf(c.out, "%s: %d entries, the last at position %d, root %s\n", r.Log, r.Entries, r.Last, r.Root)
		fmt.Fprintf(c.out, "  %d checkpoints, the newest over %d entries; %d entries/s\n", r.Checkpoints, r.Signed, r.PerSecond)
		if r.Note != "" {
			fmt.Fprintf(c.out, "  note: %s\n", r.Note)
		}
		for _, p := range r.Problems {
			fmt.Fprintf(c.out, "  BAD: %s\n", strings.TrimPrefix(p.String(), r.Log+", "))
		}
		if more := r.Count - len(r.Problems); more > 0 {
			fmt.Fprintf(c.out, "  and %d more\n", more)
		}
	}
	switch {
	case a.KeysBad != "":
		fmt.Fprintf(c.out, "  BAD: %s\n", a.KeysBad)
	case a.Keys > 0:
		fmt.Fprintf(c.out, "keys: %d, each opens with the master key or was destroyed\n", a.Keys)
	}
	switch {
	case a.Verifier == "":
		fmt.Fprintln(c.out, "signatures were NOT checked: there is no key in the folder and none was given with -verifier")
	default:
		fmt.Fprintf(c.out, "signatures were checked with %s\n", a.Verifier)
	}
	fmt.Fprintln(c.out, "payloads were not opened: that needs keys, and the tree is over what is sealed")
	if a.proof != nil {
		fmt.Fprintf(c.out, "the receipt's event is leaf %d; the proof is in %s; docs/verify.md says how to check it\n", a.proof.Index, proof)
	}
	if a.Good {
		fmt.Fprintln(c.out, "GOOD")
	}
}
