package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"kith/events"
)

// endedSessions is what kith hub bar and sign-out answer.
type endedSessions struct {
	Sessions int `json:"sessions"`
}

// barActor puts an account out of the hub, at once and until it is let in again.
func barActor(ctx context.Context, c *call, out bool) error {
	config := c.flags.String("config", "", "the hub's configuration")
	args, err := c.mixed()
	if err != nil {
		return err
	}
	if len(args) != 1 || args[0] == "" || *config == "" {
		return c.wrong("give -config and the account, as the ledger names it, for example p-uyfk4zkg…")
	}
	conf, err := loadHub(*config)
	if err != nil {
		return err
	}
	verb := map[bool]string{true: "bar", false: "unbar"}[out]
	n, err := askSessions(ctx, conf, url.Values{"verb": {verb}, "actor": args}, func() error {
		b, err := openBarred(conf.Data)
		if err != nil {
			return err
		}
		return b.set(events.ActorID(args[0]), out, time.Now())
	})
	if err != nil {
		return err
	}
	if !out {
		_, err = fmt.Fprintf(c.out, "%s may come in again\n", args[0])
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s is out; %d sessions ended\n", args[0], n)
	return err
}

// signOutAll ends sessions; whoever may, signs in again.
func signOutAll(ctx context.Context, c *call) error {
	config := c.flags.String("config", "", "the hub's configuration")
	actor := c.flags.String("actor", "", "of this account; or")
	agency := c.flags.String("agency", "", "of this agency; or")
	all := c.flags.Bool("all", false, "of everybody")
	if err := c.parse(); err != nil {
		return err
	}
	if *config == "" || c.flags.NArg() > 0 || *actor == "" && *agency == "" && !*all {
		return c.wrong("give -config and one of -actor, -agency and -all")
	}
	conf, err := loadHub(*config)
	if err != nil {
		return err
	}
	n, err := askSessions(ctx, conf, url.Values{"verb": {"sign-out"}, "actor": {*actor}, "agency": {*agency}},
		func() error { return errors.New("no hub runs there, so nobody is signed in") })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%d sessions ended\n", n)
	return err
}

// askSessions asks the hub that runs; if none does, we do what is left of it.
func askSessions(ctx context.Context, conf HubConfig, query url.Values, self func() error) (int, error) {
	if err := os.MkdirAll(conf.Data, 0o700); err != nil {
		return 0, err
	}
	release, err := claim(conf.Data)
	if err == nil {
		defer release()
		return 0, self()
	}
	p, err := conf.offline()
	if err != nil {
		return 0, err
	}
	body, release, err := askHub(ctx, p, "POST", "/sessions", query)
	if err != nil {
		if errors.Is(err, errNoHub) {
			release()
		}
		return 0, err
	}
	defer body.Close()
	var e endedSessions
	err = json.NewDecoder(body).Decode(&e)
	return e.Sessions, err
}

// answerSessions ends sessions for whoever has the hub's folder. Who is to stay
// out is written down first.
func (h *hub) answerSessions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	actor, agency := events.ActorID(q.Get("actor")), events.AgencyID(q.Get("agency"))
	if verb := q.Get("verb"); verb == "bar" || verb == "unbar" {
		if err := h.barred.set(actor, verb == "bar", time.Now()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	n := h.pages.SignOut(func(x events.Reader) bool {
		return (actor == "" || x.Actor == actor) && (agency == "" || x.Agency == agency)
	})
	_ = json.NewEncoder(w).Encode(endedSessions{n})
}
