package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kith/events/bus"
	"kith/services/internal/edge"
	"kith/services/internal/telemetry"
)

// runAgency runs the edge of one agency until it is interrupted.
func runAgency(ctx context.Context, c *call) error {
	if len(c.args) > 0 && c.args[0] == "init" {
		return initAgency(ctx, c.inner())
	}
	if len(c.args) > 0 && c.args[0] == "join" {
		return joinAgency(ctx, c.inner())
	}
	file := c.flags.String("config", "", "the agency's configuration; docs/configuration.md explains it")
	if err := c.parse(); err != nil {
		return err
	}
	if *file == "" {
		return c.wrong("-config is needed, for example: kith agency -config deploy/config/police.json")
	}
	conf, err := loadAgency(*file)
	if err != nil {
		return err
	}
	tel, err := telemetry.Start(ctx, "kith-agency-"+string(conf.Agency.Kind))
	if err != nil {
		return err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx))
	return serveAgency(ctx, c, conf, tel)
}

func serveAgency(ctx context.Context, c *call, conf AgencyConfig, tel *telemetry.Telemetry) error {
	link, err := bus.Connect(ctx, conf.link())
	if err != nil {
		return err
	}
	defer link.Close()
	e, err := edge.New(edge.Config{Agency: conf.Agency, Path: filepath.Join(conf.Data, "outbox.db"), Link: link, Verifier: conf.Verifier, Log: tel.Log})
	if err != nil {
		return fmt.Errorf("open the outbox: %w", err)
	}
	defer e.Close()
	tel.Metrics.Outbox(func() int { n, _ := e.Depth(context.Background()); return n }, // a scrape that fails shows none
		func() time.Duration { d, _ := e.Oldest(context.Background()); return d })
	go link.KeepRenewed(ctx, conf.NATS.Creds, func(err error) {
		tel.Log.Warn("the token of the creds file was not renewed; will try again", "error", err)
	})
	stop, cosigning := conf.cosigner(link, tel)
	defer stop()
	ds, err := conf.doors()
	if err != nil {
		return err
	}
	if err := conf.waysIn(ctx, e, ds); err != nil {
		return err
	}
	h := forClients(conf.Clients, e.Handler(ds))
	s, err := listen(tel.ErrorLog(), conf.TLS, site{addr: conf.Addr, handler: tel.HTTP(h)}, site{addr: conf.AdminAddr, handler: tel.Admin()})
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(c.out, "kith agency %s: taking records on %s, metrics on %s\n%s\n", conf.Agency.ID, s.addrs[0], s.addrs[1], cosigning)
	return s.wait(ctx)
}

// link is how the agency reaches the hub.
func (c AgencyConfig) link() bus.Link {
	return c.TLS.nats(bus.Link{URL: c.NATS.URL, Creds: c.NATS.Creds, Agency: c.Agency.ID})
}

// waysIn begins to watch folders and to ask sources.
func (c AgencyConfig) waysIn(ctx context.Context, e *edge.Edge, ds map[string]translator) error {
	for i, f := range c.Folders {
		d, err := door(ds, f.Door)
		if err == nil {
			err = e.Watch(ctx, f.Path, d)
		}
		if err != nil {
			return fmt.Errorf("folders[%d]: %w", i, err)
		}
	}
	for i, p := range c.Polls {
		d, err := door(ds, p.Door)
		if err != nil {
			return fmt.Errorf("polls[%d]: %w", i, err)
		}
		e.Poll(ctx, edge.Source{URL: p.URL, Every: time.Duration(p.Seconds) * time.Second, TokenFile: p.TokenFile}, d)
	}
	return nil
}

// door finds a door by its path.
func door(ds map[string]translator, path string) (edge.Door, error) {
	if t := ds[path]; t != nil {
		return edge.Door{Path: path, Translate: t}, nil
	}
	return edge.Door{}, fmt.Errorf("door must be one of %s", strings.Join(slices.Sorted(maps.Keys(ds)), ", "))
}

// forClients lets the listed systems in, by bearer token, and health checks.
func forClients(cs []Client, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || known(cs, r.Header.Get("Authorization")) {
			next.ServeHTTP(w, r)
			return
		}
		unsigned(w)
	})
}

// known compares with every client, so that the time does not tell which is nearest.
func known(cs []Client, authorization string) bool {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	sum, found := sha256.Sum256([]byte(token)), 0
	for _, c := range cs {
		found |= subtle.ConstantTimeCompare(sum[:], c.TokenSHA256[:])
	}
	return ok && found == 1
}

// unsigned answers whoever shows no token that is known.
func unsigned(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("WWW-Authenticate", "Bearer")
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprintln(w, `{"type":"https://kith.uk/problems/unsigned","title":"Sign in first","status":401,"detail":"Send the access token of a listed system: Authorization: Bearer …"}`)
}
