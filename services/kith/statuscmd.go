package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
	"kith/services/internal/telemetry"
)

// status is how a hub stands.
type status struct {
	Running     bool               `json:"running"`
	Ready       bool               `json:"ready"`
	Last        store.Position     `json:"last"`               // position of the newest event
	LogBytes    int64              `json:"logBytes,omitempty"` // of the event log, if it lies in the folder
	Projections []projectionStatus `json:"projections"`
}

// projectionStatus is how one read model stands.
type projectionStatus struct {
	Name       string          `json:"name"`
	Position   store.Position  `json:"position"`
	LagEvents  uint64          `json:"lagEvents"`
	LagSeconds float64         `json:"lagSeconds"` // age of the oldest event that it has not seen
	Parked     []follow.Parked `json:"parked"`
}

// runStatus asks the hub that runs on the data, or looks at the files.
func runStatus(ctx context.Context, c *call) error {
	data, conf := c.folder()
	asJSON := c.flags.Bool("json", false, "one JSON object")
	if err := c.parse(); err != nil {
		return err
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	s, err := askStatus(ctx, p)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(c.out).Encode(s)
	}
	s.print(c)
	return nil
}

func (s status) print(c *call) {
	what := map[bool]string{true: "a hub runs", false: "no hub runs"}[s.Running]
	if s.Running && !s.Ready {
		what += ", NOT READY"
	}
	fmt.Fprintf(c.out, "%s; %d is the position of the newest event; the event log in the folder has %d bytes\n", what, s.Last, s.LogBytes)
	for _, p := range s.Projections {
		fmt.Fprintf(c.out, "%-10s at %d, %d events and %.1f s behind, %d parked\n", p.Name, p.Position, p.LagEvents, p.LagSeconds, len(p.Parked))
		for _, e := range p.Parked {
			fmt.Fprintf(c.out, "  parked %d %s: %s, on %s\n", e.Position, e.Type, e.Code, e.At.Format(time.RFC3339))
		}
	}
}

func askStatus(ctx context.Context, p partnership) (s status, err error) {
	body, release, err := askHub(ctx, p, http.MethodGet, "/status", nil)
	if errors.Is(err, errNoHub) {
		defer release()
		return statusOfFiles(ctx, p)
	}
	if err != nil {
		return s, err
	}
	defer body.Close()
	return s, json.NewDecoder(body).Decode(&s)
}

// statusOfFiles looks while no hub runs.
func statusOfFiles(ctx context.Context, p partnership) (status, error) {
	tel, err := telemetry.Start(ctx, "kith-status")
	if err != nil {
		return status{}, err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx))
	r, err := openRecord(ctx, p, tel.Metrics)
	if err != nil {
		return status{}, err
	}
	defer r.close()
	var ps []follow.Projection
	for _, m := range readModels(r.store) {
		path := filepath.Join(p.dir, "models", m.Name+".db")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue // the next start makes it
		}
		db, err := sqlite.Open(ctx, path, sqlite.Rebuildable)
		if err != nil {
			return status{}, err
		}
		defer db.Close()
		ps = append(ps, follow.Projection{Model: m, DB: db})
	}
	return look(ctx, p.dir, r.store, ps)
}

// look gathers what there is to say.
func look(ctx context.Context, dir string, st *store.Store, ps []follow.Projection) (s status, err error) {
	if f, err := os.Stat(filepath.Join(dir, "events.db")); err == nil {
		s.LogBytes = f.Size()
	}
	if s.Last, err = st.Last(ctx); err != nil {
		return s, err
	}
	for _, p := range ps {
		one := projectionStatus{Name: p.Name}
		if one.Position, err = p.Position(ctx); err != nil {
			return s, fmt.Errorf("read model %s: %w", p.Name, err)
		}
		if one.Parked, err = p.Parked(ctx); err != nil {
			return s, err
		}
		if one.Position < s.Last {
			one.LagEvents = uint64(s.Last - one.Position)
			at, err := st.Next(ctx, one.Position)
			if err != nil {
				return s, err
			}
			one.LagSeconds = time.Since(at).Seconds()
		}
		s.Projections = append(s.Projections, one)
	}
	return s, nil
}

func (h *hub) answerStatus(w http.ResponseWriter, r *http.Request) {
	s, err := look(r.Context(), h.dir, h.record.store, h.projections())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.Running, s.Ready = true, h.ready(r.Context()) == nil
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s)
}

// folder are the flags that say which hub is meant.
func (c *call) folder() (data, conf *string) {
	return c.flags.String("data", "", "the hub's folder, as its configuration names it"),
		c.flags.String("config", "", "the hub's configuration, instead of -data; needed where log or keys lie elsewhere")
}

// whose is the hub that the flags mean.
func whose(data, conf string) (partnership, error) {
	if (data == "") == (conf == "") {
		return partnership{}, errors.New("give -data with the hub's folder, or -config with its configuration")
	}
	if conf == "" {
		if hub := filepath.Join(data, "hub"); !exists(data, "events.db") && exists(hub, "events.db") {
			data = hub // of a demonstration
		}
		return partnership{dir: data, store: HubStore{Kind: storeSQLite}}, nil
	}
	c, err := loadHub(conf)
	return partnership{dir: c.Data, keys: c.Keys, store: c.Store}, err
}
