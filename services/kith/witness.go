package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/internal/telemetry"
	"kith/services/internal/witness"
)

// witnessKey opens the key that an agency cosigns with. It never leaves the
// agency's folder.
func witnessKey(dir string, id events.AgencyID) (*witness.Key, error) {
	return witness.OpenKey(filepath.Join(dir, "keys", "witness.key"), "kith-witness/"+string(id))
}

// openWitness opens what an agency holds of the hub's logs. Verifier is the
// hub's public key.
func openWitness(dir string, key *witness.Key, verifier string, log *slog.Logger) (*witness.Witness, error) {
	return witness.Open(witness.Config{Dir: filepath.Join(dir, "witness"), Key: key, Verifier: verifier,
		Origins: []string{originOf("events"), originOf("ledger")}, Now: time.Now, Log: log})
}

// answering lets a witness answer the hub until stop is called.
func answering(link *bus.Agency, w *witness.Witness, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := link.Witness(ctx, w.Add); err != nil {
			log.Error("this agency does not cosign any more", "error", err)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// cosigner makes an agency's process a witness, if it was told the hub's key. An
// agency that cannot be one shares all the same: that matters more. What is to be
// said of it as it starts is returned.
func (c AgencyConfig) cosigner(link *bus.Agency, tel *telemetry.Telemetry) (stop func(), says string) {
	nothing := func() {}
	key, err := witnessKey(c.Data, c.Agency.ID)
	if err != nil {
		return nothing, c.noCosigner(tel, err)
	}
	if c.Verifier == "" {
		return nothing, "checkpoints are not cosigned: verifier is not in the configuration. The witness key will be " + key.Verifier()
	}
	w, err := openWitness(c.Data, key, c.Verifier, tel.Log)
	if err != nil {
		return nothing, c.noCosigner(tel, err)
	}
	tel.Metrics.WitnessConflicts(w.Conflicts)
	return answering(link, w, tel.Log), "checkpoints are cosigned with " + key.Verifier()
}

func (c AgencyConfig) noCosigner(tel *telemetry.Telemetry, err error) string {
	tel.Log.Error("this agency does not cosign checkpoints", "agency", c.Agency.ID, "error", err)
	return fmt.Sprintf("CHECKPOINTS ARE NOT COSIGNED: %v", err)
}
