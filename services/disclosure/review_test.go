package disclosure

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// judged is a world whose gate has a store, and in which an item of the police says
// something about somebody else.
func judged(t *testing.T) (*world, *Gate) {
	t.Helper()
	p := family()
	for i := range p.Items {
		if p.Items[i].ID == "p1" {
			p.Items[i].Caveats = []events.Caveat{events.ThirdParty}
		}
	}
	w := here(p)
	g := w.gate(t)
	g.Store = realStore(t)
	w.upTo(t, g)
	return w, g
}

// upTo makes the picture one of now, as childview does.
func (w *world) upTo(t *testing.T, g *Gate) {
	t.Helper()
	last, err := g.Store.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := w.pictures[wren]
	p.Log = uint64(last)
	w.pictures[wren] = p
}

func (w *world) looks(t *testing.T, g *Gate, who string, p events.Purpose) events.Shown {
	t.Helper()
	w.upTo(t, g)
	d, err := g.Child(t.Context(), reader(who), wren, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.value
}

func waiting(t *testing.T, g *Gate, who string) []events.ReviewShown {
	t.Helper()
	d, err := g.Reviews(t.Context(), reader(who))
	if err != nil {
		t.Fatal(err)
	}
	return d.value
}

func act(who string) store.Cause {
	return store.Cause{By: events.ActorID(who), For: reader(who).Agency, Because: "test:" + rand.Text()}
}

// What policies leave to a person is withheld and asked once; who may, judges; what
// they rule holds for those who asked, and for nobody else.
func TestReview(t *testing.T) {
	w, g := judged(t)
	sees := func(who string, p events.Purpose) bool {
		return strings.Contains(fmt.Sprint(ids(w.looks(t, g, who, p))), "p1")
	}
	if sees("socialworker", events.PurposeSection17) || !sees("socialworker", events.PurposeSection47) {
		t.Error("a section 47 enquiry waits for nobody, an assessment does")
	}
	v := w.looks(t, g, "socialworker", events.PurposeSection17) // again: asked once
	if len(v.Withheld) == 0 || !strings.HasSuffix(v.Withheld[len(v.Withheld)-1].Reason+v.Withheld[0].Reason, "Somebody is asked.") && !strings.Contains(text(t, v.Withheld), "Somebody is asked.") {
		t.Errorf("%+v", v.Withheld)
	}
	qs := waiting(t, g, "police")
	if len(qs) != 1 || qs[0].Item != "p1" || qs[0].Agency != council || qs[0].Role != events.RoleSocialWorker || qs[0].For[0] != "core-for-authority" || qs[0].Against[0] != "third-party-content" {
		t.Fatalf("%+v", qs)
	}
	if len(waiting(t, g, "governance")) != 1 || len(waiting(t, g, "health")) != 0 || len(waiting(t, g, "chair")) != 0 {
		t.Error("others are asked")
	}
	if _, err := g.Reviews(t.Context(), reader("socialworker")); kind(err) != fault.Refused {
		t.Errorf("who asks may judge: %v", err)
	}
	good := RulingForm{qs[0].Review, "share", "The other person agreed."}
	for who, want := range map[string]fault.Kind{"health": fault.Hidden, "chair": fault.Hidden, "socialworker": fault.Hidden, "stranger": fault.Hidden} {
		if err := g.Rule(t.Context(), reader(who), act(who), good); kind(err) != want {
			t.Errorf("%s judges: %v", who, err)
		}
	}
	for _, bad := range []RulingForm{{qs[0].Review, "perhaps", "r"}, {qs[0].Review, "share", " "}, {qs[0].Review, "share", strings.Repeat("x", 2001)}} {
		if err := g.Rule(t.Context(), reader("police"), act("police"), bad); kind(err) != fault.Invalid {
			t.Errorf("%q: %v", bad.Ruling, err)
		}
	}
	if err := g.Rule(t.Context(), reader("police"), act("police"), RulingForm{"nothing", "share", "r"}); kind(err) != fault.Hidden {
		t.Errorf("a question that nobody asked: %v", err)
	}
	c := act("police")
	for range 2 { // the same request again
		if err := g.Rule(t.Context(), reader("police"), c, good); err != nil {
			t.Fatal(err)
		}
	}
	if !sees("socialworker", events.PurposeSection17) || sees("chair", events.PurposeSection17) {
		t.Error("the ruling is about those who asked, from now on")
	}
	if err := g.Rule(t.Context(), reader("governance"), act("governance"), RulingForm{qs[0].Review, "withhold", "They took it back."}); err != nil {
		t.Fatal(err)
	}
	v = w.looks(t, g, "socialworker", events.PurposeSection17)
	if strings.Contains(fmt.Sprint(ids(v)), "p1") || !strings.Contains(text(t, v.Withheld), "decided that it is not shared with you") {
		t.Errorf("%+v", v.Withheld)
	}
	for _, q := range waiting(t, g, "governance") {
		if q.Role == events.RoleSocialWorker && (q.Ruling != "withhold" || q.Reason != "They took it back." || q.RuledBy != council) {
			t.Errorf("%+v", q)
		}
	}
	if n := len(waiting(t, g, "police")); n != 2 { // the social worker's and the chair's
		t.Errorf("%d questions", n)
	}
}

// A young person's objection is judged by somebody, but for an enquiry, a life in
// danger and whom it does not concern.
// Nobody judges, or learns of, what is asked about their own family.
func TestRelativesJudgeNothing(t *testing.T) {
	w, g := judged(t)
	w.looks(t, g, "socialworker", events.PurposeSection17)
	q := waiting(t, g, "police")[0]
	if _, err := g.NotShare(t.Context(), reader("police"), act("police"), NotSharedForm{Child: wren, Why: events.NotRelevant, What: "A name.", Reason: "It helps nobody."}); err != nil {
		t.Fatal(err)
	}
	listed := func() int {
		t.Helper()
		d, err := g.NotShared(t.Context(), reader("governance"))
		if err != nil {
			t.Fatal(err)
		}
		return len(d.value)
	}
	if n := listed(); n != 1 {
		t.Fatalf("%d decisions not to share", n)
	}
	for _, who := range []string{"police", "governance"} {
		declared := events.ConflictDeclared{Person: g.person(reader(who)), Child: wren, Subjects: []events.SubjectID{"s"}}
		if err := g.amend(t.Context(), act(who), func(book) ([]events.Restriction, error) { return []events.Restriction{declared}, nil }); err != nil {
			t.Fatal(err)
		}
		if n := len(waiting(t, g, who)); n != 0 {
			t.Errorf("%s is shown %d questions about a relative", who, n)
		}
		if err := g.Rule(t.Context(), reader(who), act(who), RulingForm{q.Review, "share", "Why not."}); kind(err) != fault.Hidden {
			t.Errorf("%s judges about a relative: %v", who, err)
		}
	}
	if n := listed(); n != 0 {
		t.Errorf("%d decisions not to share are shown to a relative", n)
	}
}

func TestObjection(t *testing.T) {
	w, g := judged(t)
	p := w.pictures[wren]
	p.Objections = []events.ObjectionRecord{{By: events.ByYoungPerson, Partners: []events.AgencyID{council}, RaisedAt: noon().AddDate(0, 0, -1)}}
	w.pictures[wren] = p
	if v := w.looks(t, g, "chair", events.PurposeSection17); strings.Contains(fmt.Sprint(ids(v)), "h1") || !strings.Contains(text(t, v.Withheld), "The young person objects") {
		t.Errorf("%v %+v", ids(v), v.Withheld)
	}
	if v := w.looks(t, g, "chair", events.PurposeSection47); !strings.Contains(fmt.Sprint(ids(v)), "h1") {
		t.Errorf("%v", ids(v))
	}
	gone := noon().Add(-1)
	p.Objections[0].DroppedAt = &gone
	if v := w.looks(t, g, "chair", events.PurposeSection17); !strings.Contains(fmt.Sprint(ids(v)), "h1") {
		t.Errorf("an objection that was dropped: %v", ids(v))
	}
}

// A decision not to share is kept with its reason, and read by governance.
func TestNotShared(t *testing.T) {
	_, g := judged(t)
	form := NotSharedForm{Child: wren, With: school, Why: events.MoreDetrimental, What: "What the mother said.", Reason: "The father would learn of it."}
	c := act("health")
	id, err := g.NotShare(t.Context(), reader("health"), c, form)
	if err != nil || id == "" {
		t.Fatal(err)
	}
	if again, err := g.NotShare(t.Context(), reader("health"), c, form); err != nil || again != id {
		t.Errorf("the same again: %s, %v", again, err)
	}
	for want, spoil := range map[string]func(*NotSharedForm){"with": func(f *NotSharedForm) { f.With = "nowhere" }, "why": func(f *NotSharedForm) { f.Why = "because" },
		"what": func(f *NotSharedForm) { f.What = "" }, "reason": func(f *NotSharedForm) { f.Reason = " " }} {
		bad := form
		spoil(&bad)
		if _, err := g.NotShare(t.Context(), reader("health"), act("health"), bad); kind(err) != fault.Invalid {
			t.Errorf("%s: %v", want, err)
		}
	}
	d, err := g.NotShared(t.Context(), reader("governance"))
	if err != nil || len(d.value) != 1 || d.value[0].Decision != id || d.value[0].Reason != form.Reason || d.value[0].What != form.What || d.value[0].Agency != hospital {
		t.Errorf("%+v, %v", d.value, err)
	}
	if _, err := g.NotShared(t.Context(), reader("health")); kind(err) != fault.Refused {
		t.Errorf("a nurse reads them: %v", err)
	}
	for who, want := range map[string]fault.Kind{"health": "", "socialworker": "", "otherdsl": fault.Hidden, "governance": fault.Hidden} {
		if err := g.MayAct(t.Context(), reader(who), wren, "not-share"); kind(err) != want {
			t.Errorf("%s: %v, want %q", who, err, want)
		}
	}
}
