package disclosure

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// NotSharedForm records a decision not to share something about a child: whether or
// not to share, the reasons are kept (Information sharing advice, golden rule 7).
type NotSharedForm struct {
	Child  events.ChildID  `json:"-"`
	With   events.AgencyID `json:"with,omitempty"` // with nobody, if left out
	Why    events.WhyNot   `json:"why"`
	What   string          `json:"what"`
	Reason string          `json:"reason"`
}

// NotShare records it. Whether the actor may is for MayAct to say, before. The same
// request again gives the same id and changes nothing. It withholds nothing by
// itself: what an agency does not share, it does not send.
func (g *Gate) NotShare(ctx context.Context, r events.Reader, c store.Cause, f NotSharedForm) (events.NotSharedID, error) {
	var wrong places
	if _, ok := g.register()[f.With]; f.With != "" && !ok {
		wrong.add("with", "This agency does not take part in the partnership.")
	}
	switch f.Why {
	case events.MoreDetrimental, events.NotRelevant, events.NoBasis, events.Refused:
	default:
		wrong.add("why", "Say what sort of reason it is: more-detrimental, not-relevant, no-lawful-basis or agreement-refused.")
	}
	wrong.words("what", f.What, "Say what is not shared.")
	wrong.words("reason", f.Reason, "Say why, in words that others can follow.")
	if err := wrong.err(); err != nil {
		return "", err
	}
	e := events.NotSharedNoted{Child: f.Child, Agency: r.Agency, Role: r.Role, With: f.With, Why: f.Why}
	e.Decision = events.NotSharedID(store.NewEventID(docketStream, c.Because, e.Type(), 0).String())
	return e.Decision, g.inBoth(ctx, c, f.Child, e,
		events.NotSharedReasoned{Decision: e.Decision, What: strings.TrimSpace(f.What), Reason: strings.TrimSpace(f.Reason)})
}

// latestNotShared is how many decisions not to share are listed.
const latestNotShared = 200

// NotShared are the latest decisions not to share, for information governance: an
// agency's for its own, all of them for the authority's.
func (g *Gate) NotShared(ctx context.Context, r events.Reader) (Disclosed[[]events.NotSharedShown], error) {
	var none Disclosed[[]events.NotSharedShown]
	if err := signed(r); err != nil {
		return none, err
	}
	if r.Role != events.RoleGovernance {
		return none, fault.New(fault.Refused, "Decisions not to share are for information governance.")
	}
	if err := g.docket.catchUp(ctx, g.Store); err != nil {
		return none, err
	}
	barriers, err := g.screen(ctx, r)
	if err != nil {
		return none, err
	}
	shown := []events.NotSharedShown{}
	for _, d := range g.docket.notShared() {
		if len(shown) == latestNotShared || r.Agency != g.Authority && r.Agency != d.Agency {
			continue
		}
		hidden, err := barriers.related(ctx, d.Child)
		if err != nil {
			return none, err
		}
		if !hidden {
			shown = append(shown, events.NotSharedShown{NotSharedNoted: d.NotSharedNoted, At: d.at})
		}
	}
	for i := range shown {
		err := g.inWords(ctx, shown[i].Child, func(e events.Event) {
			if w, ok := e.(events.NotSharedReasoned); ok && w.Decision == shown[i].Decision {
				shown[i].What, shown[i].Reason = w.What, w.Reason
			}
		})
		if err != nil {
			return none, err
		}
	}
	if err := g.record(ctx, g.reading(r, events.PurposeAudit, "not-shared", events.Picture{}, standing{})); err != nil {
		return none, err
	}
	return disclose(shown), nil
}

// inWords reads what was said about a child's sharing: nothing, once the child's key
// was destroyed.
func (g *Gate) inWords(ctx context.Context, child events.ChildID, each func(events.Event)) error {
	for e, err := range g.Store.Read(ctx, sharingStream(child), 0) {
		if errors.Is(err, store.ErrKeyGone) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read why it was decided: %w", err)
		}
		each(e.Event)
	}
	return nil
}
