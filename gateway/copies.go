package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/childview"
	"kith/services/copies"
	"kith/services/disclosure"
	"kith/services/fault"
)

// Copies are what people do about copies of a child's record; see services/copies.
type Copies interface {
	Request(context.Context, store.Cause, copies.RequestForm) (events.CopyID, error)
	Judge(context.Context, store.Cause, events.ChildID, events.CopyItemJudged) error
	ConfirmAddress(context.Context, store.Cause, events.ChildID, events.CopyID) error
	Made(context.Context, store.Cause, events.ChildID, events.CopyMade) error
	Of(context.Context, events.ChildID) (copies.Requests, error)
}

type copiesPage struct {
	base
	form
	Child events.ChildID
	Asked []askedLine
}

// askedLine is a request as a list shows it: who asked is on its own page.
type askedLine struct{ Path, Who, Received, Due, Stands string }

var recipientWords = words{"child": "The child", "parent": "A parent", "court": "A court"}

func copyForm() form {
	return newForm(
		choice("kind", "Who asks?", "", option{Value: "child", Name: "The child, who understands what they ask for"}, option{Value: "parent", Name: "A parent"}, option{Value: "court", Name: "A court"}),
		text("given", "Given name", "Leave it empty for a court.", "govuk-input--width-20"),
		text("family", "Family name, or name of the court", "", "govuk-input--width-20"),
		field{Name: "born", Label: "Date of birth", Hint: "A parent is told from others by it.", Type: "date", Class: "govuk-input--width-10", Strong: true},
		choice("responsibility", "If it is a parent: do they have parental responsibility?", "Check it: a court may have taken or limited it.", yesOrNo()...),
		choice("noContact", "Does an order or a safety plan keep them from the child, or from somebody who lives with the child?", "", yesOrNo()...),
		choice("for", "What is it for?", "", option{Value: string(events.ForSubjectAccess), Name: "They want to see what is held"}, option{Value: string(events.ForCourt), Name: "An order or direction of a court"}),
		area("identity", "How did you check that they are who they say?", "", 2),
		area("sendTo", "Where is the copy to go?", "As they told you now. Do not take it from a record: it may be an old address that they shared.", 4),
		field{Name: "received", Label: "On which day did the request come?", Hint: "It is due one month later.", Type: "date", Class: "govuk-input--width-10", Strong: true})
}

func (g *Gateway) newCopies(w http.ResponseWriter, r *http.Request, c *caller) error {
	return g.copiesPage(w, r, c, http.StatusOK, copyForm())
}

func (g *Gateway) copiesPage(w http.ResponseWriter, r *http.Request, c *caller, status int, f form) error {
	if err := g.mayAct(r, c, "copy"); err != nil {
		return err
	}
	asked, err := g.Copies.Of(r.Context(), childOf(r))
	if err != nil {
		return err
	}
	p := copiesPage{base: g.base(c, "Copies of the record").failed(f), form: f, Child: childOf(r)}
	for _, a := range asked {
		stands := "Being prepared"
		if n := len(a.Made); n > 0 {
			stands = "Made on " + g.cal.Date(a.Made[n-1].At)
		}
		p.Asked = append(p.Asked, askedLine{copyPath(a.Child, a.Copy), recipientWords.of(string(a.Recipient.Kind)), g.cal.Day(a.Received), g.cal.Day(a.Due), stands})
	}
	return g.page(w, status, "copies.html", p)
}

func copyPath(child events.ChildID, id events.CopyID) string {
	return "/children/" + string(child) + "/copies/" + string(id)
}

func (g *Gateway) sendCopies(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := g.mayAct(r, c, "copy"); err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	id, err := g.Copies.Request(r.Context(), cause(r, c, events.PurposeSubjectAccess), copies.RequestForm{
		Child: childOf(r), For: events.CopyFor(posted(r, "for")), Identity: posted(r, "identity"), Received: events.Date(posted(r, "received")),
		Recipient: events.CopyRecipient{
			Kind: events.RecipientKind(posted(r, "kind")), Name: events.Name{Given: posted(r, "given"), Family: posted(r, "family")}, Born: events.Date(posted(r, "born")),
			ParentalResponsibility: posted(r, "responsibility") == "yes", NoContact: posted(r, "noContact") != "no", SendTo: lines(posted(r, "sendTo"))},
	})
	if at, ok := mistakes(err, nil); ok {
		return g.copiesPage(w, r, c, http.StatusBadRequest, copyForm().again(r, at))
	}
	if err != nil {
		return err
	}
	return redirect(w, r, copyPath(childOf(r), id))
}

// lines are those of a text that say something.
func lines(s string) (ls []string) {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			ls = append(ls, l)
		}
	}
	return ls
}

// copyPage is a copy as whoever prepares it sees it, made of what the gate disclosed.
type copyPage struct {
	base
	Path, BackPath string
	Asked          copies.Requested
	Prepared       copies.Prepared
	Who, Due, For  string
	Needed         int
	Mine           bool // the caller looked at where it goes
	Queue          []queued
	Once           string
}

// queued is an item that waits for two people.
type queued struct {
	copies.Waiting
	By    []events.CopyItemJudged
	Mine  bool
	Stand string
}

func (g *Gateway) asked(r *http.Request, c *caller) (copies.Requested, error) {
	if err := g.mayAct(r, c, "copy"); err != nil {
		return copies.Requested{}, err
	}
	all, err := g.Copies.Of(r.Context(), childOf(r))
	if err != nil {
		return copies.Requested{}, err
	}
	if a := all.Find(events.CopyID(r.PathValue("copy"))); a != nil {
		return *a, nil
	}
	return copies.Requested{}, fault.NotFound
}

func (g *Gateway) copy(w http.ResponseWriter, r *http.Request, c *caller) error {
	asked, err := g.asked(r, c)
	if err != nil {
		return err
	}
	d, err := disclosure.Copy(r.Context(), g.Gate, c.Reader, asked.Child, nil, func(from events.Copyable) (copyPage, error) {
		p := copyPage{base: g.base(c, "Prepare a copy"), Path: copyPath(asked.Child, asked.Copy), BackPath: "/children/" + string(asked.Child) + "/copies",
			Asked: asked, Prepared: asked.Prepare(from, g.Now(), plainWords), Who: recipientWords.of(string(asked.Recipient.Kind)), Due: g.cal.Day(asked.Due), Once: newKey()}
		p.Needed = copies.Confirmations(p.Prepared.Guarded)
		for _, by := range asked.Confirmed {
			p.Mine = p.Mine || by == c.Reader.Actor
		}
		for _, q := range p.Prepared.Queue {
			p.Queue = append(p.Queue, queuedOf(asked, q, c.Reader.Actor))
		}
		return p, nil
	})
	if err != nil {
		return err
	}
	return showDisclosed(g, w, http.StatusOK, "copy.html", d)
}

func queuedOf(asked copies.Requested, w copies.Waiting, me events.ActorID) queued {
	q := queued{Waiting: w, By: asked.Judged(w.Item), Stand: "Waits for two people"}
	for _, j := range q.By {
		q.Mine = q.Mine || j.By == me
	}
	switch {
	case w.Judged != nil && w.Judged.Judgment == events.CopyWithhold:
		q.Stand = "Two people withhold it"
	case w.Judged != nil && len(w.Still) > 0:
		q.Stand = "It stays out, whatever was judged"
	case w.Judged != nil:
		q.Stand = "Two people include it"
	case len(q.By) == 1:
		q.Stand = "Waits for a second person"
	case len(q.By) > 1:
		q.Stand = "Those who judged do not agree: it stays out"
	}
	return q
}

func plainWords(f events.Fact) (title string, ls []copies.Line) {
	for _, l := range childview.Detail(f) {
		ls = append(ls, copies.Line{Label: l.Label, Text: l.Text})
	}
	return childview.Title(f), ls
}

func (g *Gateway) sendJudgment(w http.ResponseWriter, r *http.Request, c *caller) error {
	asked, err := g.asked(r, c)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	err = g.Copies.Judge(r.Context(), cause(r, c, events.PurposeSubjectAccess), asked.Child, events.CopyItemJudged{
		Copy: asked.Copy, Item: events.ItemID(posted(r, "item")), Judgment: events.CopyJudgment(posted(r, "judgment")),
		Without: lines(posted(r, "without")), Reason: posted(r, "reason")})
	if err != nil {
		return err
	}
	return redirect(w, r, copyPath(asked.Child, asked.Copy))
}

func (g *Gateway) sendConfirmation(w http.ResponseWriter, r *http.Request, c *caller) error {
	asked, err := g.asked(r, c)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	if err := g.Copies.ConfirmAddress(r.Context(), cause(r, c, events.PurposeSubjectAccess), asked.Child, asked.Copy); err != nil {
		return err
	}
	return redirect(w, r, copyPath(asked.Child, asked.Copy))
}

// sendCopy makes the copy and hands it over. In the ledger stands what was shown, and
// in the record that it was made, before the first byte leaves.
func (g *Gateway) sendCopy(w http.ResponseWriter, r *http.Request, c *caller) error {
	asked, err := g.asked(r, c)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	at := g.Now().UTC().Truncate(time.Second)
	made := events.CopyMade{Copy: asked.Copy, At: at}
	d, err := disclosure.Copy(r.Context(), g.Gate, c.Reader, asked.Child, nil, func(from events.Copyable) (copies.Prepared, error) {
		p := asked.Prepare(from, at, plainWords)
		if err := asked.Ready(p); err != nil {
			return p, err
		}
		var err error
		made.Digest, err = p.Digest()
		made.Policy = from.Shown.Policy
		return p, err
	})
	if err != nil {
		return err
	}
	if err := g.Copies.Made(r.Context(), cause(r, c, events.PurposeSubjectAccess), asked.Child, made); err != nil {
		return err
	}
	return writeArchive(w, d, copies.Archive{})
}
