package gateway

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/education"
	"kith/services/fault"
)

// A concern over the API.

// postConcern takes a school's concern; the answer carries the reference.
func (g *Gateway) postConcern(w http.ResponseWriter, r *http.Request, c *caller) error {
	form, err := decode[education.ConcernForm](w, r)
	if err != nil {
		return err
	}
	ref, receipts, err := g.raise(r.Context(), c.Reader, form)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/concerns/"+ref)
	return writeOpen(w, http.StatusAccepted, jsonType, submitted{Reference: ref, Receipts: receipts})
}

func (g *Gateway) raise(ctx context.Context, from events.Reader, form education.ConcernForm) (string, []bus.Receipt, error) {
	ref, answer, err := g.Concern(ctx, from, g.signed(form, from))
	if err != nil {
		return "", nil, err
	}
	receipts, err := accepted([]bus.Answer{answer})
	return ref, receipts, err
}

func (g *Gateway) getConcerns(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.Concerns(r.Context(), c.Reader)
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, d)
}

func (g *Gateway) getConcern(w http.ResponseWriter, r *http.Request, c *caller) error {
	d, err := g.Gate.Concern(r.Context(), c.Reader, r.PathValue("reference"))
	if err != nil {
		return err
	}
	return writeDisclosed(w, http.StatusOK, d)
}

// The same for a person, on pages.

type concernFormPage struct {
	base
	form
	Authority string
	Lawful    *lawfulOutcome // once it was asked for, or something else was wrong
}

func (g *Gateway) concernForm(c *caller) form {
	return newForm(append([]field{
		text("given", "Given name", "", ""), text("family", "Family name", "", ""),
		field{Name: "born", Label: "Date of birth", Type: "date", Class: "govuk-input--width-10", Strong: true},
		text("upn", "Unique pupil number", "If you have it to hand.", "govuk-input--width-20"),
		choice("sex", "Sex", "", option{Value: "female", Name: "Female"}, option{Value: "male", Name: "Male"}, option{Value: "unknown", Name: "Not known"}),
		area("observed", "What was seen, heard or said?", "Facts first, as they happened. Say who told you, by their role.", 6),
		field{Name: "occurred", Label: "When did it happen?", Type: "datetime-local", Class: "govuk-input--width-20", Strong: true,
			Hint: "The time you know best. Leave it empty for now."},
		area("words", "What did the child say, in the child’s own words?", "As exactly as you can. Leave it empty if the child said nothing.", 3),
		text("heard", "Who heard it?", "A role, for example class teacher.", "govuk-input--width-20"),
		choice("safe", "Is the child safe now?", "", option{Value: "yes", Name: "Yes"}, option{Value: "no", Name: "No"}, option{Value: "unsure", Name: "Not sure"}),
		choice("immediate", "Is this an immediate concern?", "One that has to be acted on today, before anything else is read.", yesOrNo()...),
		area("done", "What have you done so far?", "For example whom you phoned.", 2),
		choice("told", "Was the family told that you share this?", "", yesOrNo()...),
		area("why", "If not, why not?", "For example: telling them could put the child at risk.", 2),
	}, g.lawfulQuestions(c)...)...)
}

func (g *Gateway) concernPage(c *caller, f form) concernFormPage {
	return concernFormPage{base: g.base(c, "Raise a concern").at("/concerns/new").failed(f), form: f, Authority: g.agencyName(g.Authority)}
}

// concernAgain is the page as somebody sent it.
func (g *Gateway) concernAgain(r *http.Request, c *caller, at []fault.Place) concernFormPage {
	p := g.concernPage(c, g.concernForm(c).again(r, at))
	p.Lawful = g.lawful(r, c, events.Concern{}.Type())
	return p
}

func (g *Gateway) newConcern(w http.ResponseWriter, _ *http.Request, c *caller) error {
	return g.page(w, http.StatusOK, "concern-new.html", g.concernPage(c, g.concernForm(c)))
}

type concernSentPage struct {
	base
	Reference, Path, Authority string
	ReceivedAt, Note           string
	Lawful                     *lawfulOutcome
}

// sendConcern files the concern once, however often the button is pressed, and
// shows the reference on a page of its own.
func (g *Gateway) sendConcern(w http.ResponseWriter, r *http.Request, c *caller) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	if posted(r, "show") != "" { // on which basis it would be shared
		return g.page(w, http.StatusOK, "concern-new.html", g.concernAgain(r, c, nil))
	}
	var receipts []bus.Receipt
	ref, err := c.session.once(once(r), func() (string, error) {
		form, err := g.readConcern(r, c)
		if err != nil {
			return "", err
		}
		ref, rs, err := g.raise(r.Context(), c.Reader, form)
		receipts = rs
		return ref, err
	})
	if at, ok := mistakes(err, concernLabels()); ok {
		return g.page(w, http.StatusBadRequest, "concern-new.html", g.concernAgain(r, c, at))
	}
	if err != nil {
		return err
	}
	if len(receipts) == 0 {
		return redirect(w, r, "/concerns/"+ref)
	}
	return g.page(w, http.StatusOK, "concern-sent.html", concernSentPage{
		base: g.base(c, "Concern received"), Reference: ref, Path: "/concerns/" + ref, Authority: g.agencyName(g.Authority),
		ReceivedAt: g.cal.Moment(receipts[0].AcceptedAt), Note: receipts[0].Note, Lawful: g.lawful(r, c, events.Concern{}.Type())})
}

// concernLabels are the words beside the fields for what the service finds wrong.
func concernLabels() labels {
	all := lawfulLabels()
	maps.Copy(all, labels{
		"givenName":   {Pointer: "given", Detail: "Enter the child’s given name."},
		"familyName":  {Pointer: "family", Detail: "Enter the child’s family name."},
		"dateOfBirth": {Pointer: "born", Detail: "Enter the child’s date of birth."},
		"upn":         {Pointer: "upn", Detail: "Check the unique pupil number: 13 characters, the first one a letter. You can leave it empty."},
		"sex":         {Pointer: "sex"},
		"observed":    {Pointer: "observed", Detail: "Write what was seen, heard or said."},
		"observedAt":  {Pointer: "occurred", Detail: "Give a date and time that is not in the future, or leave it empty."},
		"words":       {Pointer: "words", Detail: "Write what the child said, or leave out who heard it."},
		"safeNow":     {Pointer: "safe", Detail: "Say whether the child is safe now."},
		"whyNotTold":  {Pointer: "why", Detail: "Say why the family was not told."},
	})
	return all
}

// readConcern makes of the page's form what the service takes, which says what
// is missing. Only what cannot be seen any more after that is checked here.
func (g *Gateway) readConcern(r *http.Request, c *caller) (education.ConcernForm, error) {
	var at []fault.Place
	if posted(r, "immediate") == "" {
		at = append(at, fault.Place{Pointer: "immediate", Detail: "Say whether this is an immediate concern."})
	}
	if posted(r, "told") == "" {
		at = append(at, fault.Place{Pointer: "told", Detail: "Say whether the family was told."})
	}
	form := education.ConcernForm{
		Pupil: education.Pupil{GivenName: posted(r, "given"), FamilyName: posted(r, "family"), DateOfBirth: posted(r, "born"),
			UPN: posted(r, "upn"), Sex: events.Sex(posted(r, "sex"))},
		Observed: posted(r, "observed"), Words: posted(r, "words"), HeardBy: posted(r, "heard"),
		SafeNow: events.Safe(posted(r, "safe")), Immediate: posted(r, "immediate") == "yes", DoneSoFar: posted(r, "done"),
		FamilyTold: posted(r, "told") == "yes", WhyNotTold: posted(r, "why"),
	}
	occurred, err := g.cal.parse("observedAt", posted(r, "occurred"))
	if occurred != nil {
		form.ObservedAt = occurred.UTC().Format(time.RFC3339)
	} else if err != nil {
		form.ObservedAt = "not a time" // for the service to complain of with the rest
	}
	at = append(at, g.readLawful(r, c, &form)...)
	form = g.signed(form, c.Reader)
	_, err = form.Notice("check", g.Now())
	found, _ := mistakes(err, nil)
	if posted(r, "told") == "" { // then why not is no question yet
		found = slices.DeleteFunc(found, func(p fault.Place) bool { return p.Pointer == "whyNotTold" })
	}
	if at = append(at, found...); len(at) > 0 {
		return form, &fault.Error{Kind: fault.Invalid, Text: "The form is not complete.", At: at}
	}
	return form, nil
}

// signed adds whom to call and which policy document covers it, where the form
// does not say: what the agency registered.
func (g *Gateway) signed(f education.ConcernForm, from events.Reader) education.ConcernForm {
	if f.AuthorRole == "" {
		f.AuthorRole = roleWords.of(string(from.Role))
	}
	if f.Contact.Team == "" {
		f.Contact = g.agency(from.Agency).Contact
	}
	if f.PolicyDocument == "" && f.Basis != events.ByConsent {
		f.PolicyDocument = g.agency(from.Agency).PolicyDocument
	}
	return f
}
