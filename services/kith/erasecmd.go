package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/retention"
)

// runErase is what the hub's operator may do about erasures. To confirm one, or to
// have one's own confirmed, takes somebody in another role, at the hub's pages.
func runErase(ctx context.Context, c *call) error {
	return askRetention(ctx, c, "/erasures", map[string]bool{"ask": false, "confirm": true, "cancel": true})
}

// runHold is the same about legal holds.
func runHold(ctx context.Context, c *call) error {
	return askRetention(ctx, c, "/holds", map[string]bool{"place": false, "lift": true})
}

// askRetention asks the running hub. Verbs are those beside list, each with whether
// it names what is there already.
func askRetention(ctx context.Context, c *call, path string, verbs map[string]bool) error {
	verb := "list"
	if len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") {
		verb, c.args = c.args[0], c.args[1:]
	}
	named, known := verbs[verb]
	if !known && verb != "list" {
		return c.wrong("there is no %q; -h says what there is", verb)
	}
	data, conf := c.folder()
	child := c.flags.String("child", "", "about this child")
	agency := c.flags.String("agency", "", "with -child: only what this agency shared about it")
	subject := c.flags.String("subject", "", "about this person as one agency knows them")
	why := c.flags.String("why", "", "the reason: "+strings.Join(whyOf(path), ", "))
	reference := c.flags.String("reference", "", "where the decision is written down, for example IG-2026-014; never a name")
	asJSON := c.flags.Bool("json", false, "as JSON")
	rest, err := c.mixed()
	if err != nil {
		return err
	}
	if len(rest) > 1 || (len(rest) == 1) != named {
		return c.wrong("name one erasure or hold by its id with %s, and none with the others", strings.Join(naming(verbs), " and "))
	}
	p, err := whose(*data, *conf)
	if err != nil {
		return c.wrong("%v", err)
	}
	q := url.Values{"child": {*child}, "agency": {*agency}, "subject": {*subject}, "why": {*why}, "reference": {*reference}}
	if named {
		q.Set("id", rest[0])
	}
	method, at := http.MethodGet, "/erasures"
	if verb != "list" {
		method, at = http.MethodPost, path+"/"+verb
	}
	body, release, err := askHub(ctx, p, method, at, q)
	if errors.Is(err, errNoHub) {
		release()
		return errors.New("no hub runs on that folder, and none but a running one erases")
	}
	if err != nil {
		return err
	}
	defer body.Close()
	var a retentionAnswer
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return err
	}
	return a.show(c, path, *asJSON)
}

func whyOf(path string) (all []string) {
	if path == "/holds" {
		for _, r := range retention.HoldReasons() {
			all = append(all, string(r))
		}
		return all
	}
	for _, r := range retention.Reasons() {
		all = append(all, string(r))
	}
	return all
}

func naming(verbs map[string]bool) (all []string) {
	for _, v := range []string{"confirm", "cancel", "lift"} {
		if verbs[v] {
			all = append(all, v)
		}
	}
	return all
}

// retentionAnswer is what the running hub says: how everything stands, and what
// came of what was asked.
type retentionAnswer struct {
	Made string `json:"made,omitempty"`
	retention.Standing
}

func (a retentionAnswer) show(c *call, path string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(c.out).Encode(a)
	}
	if a.Made != "" {
		fmt.Fprintln(c.out, a.Made)
	}
	if path == "/holds" {
		for _, h := range a.Holds {
			fmt.Fprintf(c.out, "%s %-8s %s, %s, %s, placed %s by %s\n", h.ID, holdWord(h), of(h.Whom), h.Why, h.Reference, h.PlacedAt.Format(time.RFC3339), h.PlacedBy.Role)
		}
		return nil
	}
	for _, e := range a.Erasures {
		fmt.Fprintf(c.out, "%s %-11s %s, %s, %s, asked %s by %s", e.ID, e.Stage, of(e.Whom), e.Why, e.Reference, e.AskedAt.Format(time.RFC3339), e.AskedBy.Role)
		if e.Stage == retention.Pending {
			fmt.Fprintf(c.out, ", keys destroyed on %s", e.Due.Format(time.RFC3339))
		}
		if e.Held {
			fmt.Fprint(c.out, ", HELD")
		}
		if e.Stage == retention.CarriedOut {
			fmt.Fprintf(c.out, ", %d keys destroyed on %s, %d others keep their records", e.Keys, e.EndedAt.Format(time.RFC3339), e.Kept)
		}
		fmt.Fprintln(c.out)
	}
	for _, p := range a.Due {
		fmt.Fprintf(c.out, "time is over since %s: child %s, by %s (%s)\n", p.Since, p.Child, p.Rule, p.Source)
	}
	return nil
}

func holdWord(h retention.Hold) string {
	switch {
	case !h.Stands():
		return "lifted"
	case h.LiftAskedBy != nil:
		return "to-lift"
	}
	return "stands"
}

func of(w events.Whom) string {
	switch {
	case w.Subject != "":
		return "subject " + string(w.Subject)
	case w.Agency != "":
		return "child " + string(w.Child) + " as shared by " + string(w.Agency)
	}
	return "child " + string(w.Child)
}

// operatorCause is who acts by a command. All who can open the hub's folder are one
// and the same: none of them is a second person to another.
func (h *hub) operatorCause() store.Cause {
	return store.Cause{By: "operator", For: h.authority, Because: "command:" + uuid.NewString()}
}

func (h *hub) answerErasures(w http.ResponseWriter, r *http.Request) {
	h.answerRetention(w, r, "", nil)
}

func (h *hub) answerErasure(w http.ResponseWriter, r *http.Request) {
	c, ref, id := h.operatorCause(), r.FormValue("reference"), events.ErasureID(r.FormValue("id"))
	var made events.ErasureID
	var err error
	switch r.PathValue("verb") {
	case "ask":
		made, err = h.retention.Ask(r.Context(), c, events.RoleOperator, retention.EraseForm{Child: events.ChildID(r.FormValue("child")),
			Agency: events.AgencyID(r.FormValue("agency")), Subject: events.SubjectID(r.FormValue("subject")), Why: events.ErasureReason(r.FormValue("why")), Reference: ref})
	case "confirm":
		err = h.retention.Confirm(r.Context(), c, events.RoleOperator, id)
	case "cancel":
		err = h.retention.Cancel(r.Context(), c, events.RoleOperator, id, ref)
	default:
		err = fault.NotFound
	}
	h.answerRetention(w, r, string(made), err)
}

func (h *hub) answerHold(w http.ResponseWriter, r *http.Request) {
	c, ref := h.operatorCause(), r.FormValue("reference")
	var made events.HoldID
	var err error
	switch r.PathValue("verb") {
	case "place":
		made, err = h.retention.Place(r.Context(), c, events.RoleOperator, retention.HoldForm{Child: events.ChildID(r.FormValue("child")),
			Agency: events.AgencyID(r.FormValue("agency")), Subject: events.SubjectID(r.FormValue("subject")), Why: events.HoldReason(r.FormValue("why")), Reference: ref})
	case "lift":
		err = h.retention.Lift(r.Context(), c, events.RoleOperator, events.HoldID(r.FormValue("id")), ref)
	default:
		err = fault.NotFound
	}
	h.answerRetention(w, r, string(made), err)
}

// answerRetention says, after what was asked for, how everything stands.
func (h *hub) answerRetention(w http.ResponseWriter, r *http.Request, made string, err error) {
	a := retentionAnswer{Made: made}
	if err == nil {
		a.Standing, err = h.retention.List(r.Context())
	}
	if err != nil {
		http.Error(w, explained(err), http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a)
}

// explained adds to an error where the request is wrong.
func explained(err error) string {
	text := err.Error()
	var f *fault.Error
	if errors.As(err, &f) {
		for _, p := range f.At {
			text += "\n-" + p.Pointer + ": " + p.Detail
		}
	}
	return text
}
