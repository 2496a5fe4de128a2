package health

import (
	"strconv"
	"strings"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// concernForm is the form of a practitioner's concern, of which this program
// knows the questions. Any other is shared with its questions and answers.
const concernForm = "https://kith.uk/fhir/Questionnaire/safeguarding-concern"

// questionnaire is a form that was filled in.
func (r *reader) questionnaire(x resource) events.Report {
	q := read[fhir.QuestionnaireResponse](r.Form, x)
	at := r.moment(x.at+"/authored", value(q.Authored))
	answers := r.answers(x.at, q.Item, nil)
	form, _, _ := strings.Cut(value(q.Questionnaire), "|")
	report := events.Report{
		Shared: r.shared(x, q.Meta, at, at, events.Sensitive, r.team(x, "/author", q.Author, q.Source)),
		About:  r.about(x, "/subject", q.Subject, at, []*fhir.Reference{q.Source}),
	}
	if form == concernForm {
		return r.concern(x, report, answers)
	}
	fact := events.QuestionnaireAnswered{
		Questionnaire: r.Text(x.at+"/questionnaire", short(r.Form, x.at+"/questionnaire", title(form))),
		By:            r.relation(x, []*fhir.Reference{q.Source}),
	}
	for _, a := range answers {
		fact.Answers = append(fact.Answers, events.Answer{
			Question: r.Text(a.at+"/text", long(r.Form, a.at+"/text", a.question)), Answer: long(r.Form, a.at+"/answer", a.words),
		})
	}
	if len(answers) == 0 || len(answers) > 200 {
		r.Wrong(x.at+"/item", "an item with an answer, and at most 200 of them")
	}
	report.Fact = fact
	return report
}

// concern is a practitioner's concern, by the link ids of its form.
func (r *reader) concern(x resource, report events.Report, answers []answer) events.Report {
	by := map[string]answer{}
	for _, a := range answers {
		by[a.link] = a
	}
	if a := by["child-seen"]; a.words != "Yes" && a.words != "No" {
		r.Wrong(x.at+"/item", "an item child-seen with a valueBoolean: whether the practitioner saw the child")
	}
	fact := events.PractitionerConcern{
		Practitioner: short(r.Form, x.at+"/item", by["practitioner"].words), Concern: long(r.Form, x.at+"/item", by["concern"].words),
		ChildSeen: by["child-seen"].words == "Yes",
	}
	if fact.Practitioner == "" {
		r.Wrong(x.at+"/item", "an item practitioner: the role of who is concerned, such as health visitor")
	}
	if fact.Concern == "" {
		r.Wrong(x.at+"/item", "an item concern: what the practitioner is concerned about")
	}
	if words := by["child-voice"].words; words != "" {
		report.Voice = &events.Voice{Words: long(r.Form, x.at+"/item", words), HeardBy: fact.Practitioner}
	}
	if told := by["family-told"].words; told != "" {
		report.Informed = &events.Informed{Told: told == "Yes", Why: atMost(r.Form, x.at+"/item", by["family-why-not"].words, "2,000", 2000)}
		if told != "Yes" {
			r.Text(x.at+"/item", report.Informed.Why)
		}
	}
	report.Fact = fact
	return report
}

// answer is one question that was answered, in words.
type answer struct{ at, link, question, words string }

// answers are all answers, in the order of the form, groups and questions below
// an answer too.
func (r *reader) answers(at string, items []fhir.QuestionnaireResponseItem, out []answer) []answer {
	for i, item := range items {
		here := at + "/item/" + strconv.Itoa(i)
		var words []string
		for _, a := range item.Answer {
			words = append(words, answered(a))
		}
		if w := joined(words); w != "" {
			out = append(out, answer{here, item.LinkId, value(item.Text), w})
		}
		for j, a := range item.Answer {
			out = r.answers(here+"/answer/"+strconv.Itoa(j), a.Item, out)
		}
		out = r.answers(here, item.Item, out)
	}
	return out
}

func answered(a fhir.QuestionnaireResponseItemAnswer) string {
	switch {
	case a.ValueBoolean != nil:
		return yesNo(*a.ValueBoolean)
	case a.ValueDecimal != nil:
		return a.ValueDecimal.String()
	case a.ValueInteger != nil:
		return strconv.Itoa(*a.ValueInteger)
	case a.ValueCoding != nil:
		return orElse(value(a.ValueCoding.Display), value(a.ValueCoding.Code))
	case a.ValueQuantity != nil:
		return quantity(*a.ValueQuantity)
	case a.ValueReference != nil:
		return value(a.ValueReference.Display)
	case a.ValueAttachment != nil:
		return orElse(value(a.ValueAttachment.Title), "An attachment, which is not shared")
	}
	for _, v := range []*string{a.ValueString, a.ValueDate, a.ValueDateTime, a.ValueTime, a.ValueUri} {
		if v != nil {
			return *v
		}
	}
	return ""
}

// title makes words of the last part of a form's address.
func title(form string) string {
	return strings.Join(strings.FieldsFunc(form[strings.LastIndexByte(form, '/')+1:], func(c rune) bool { return c == '-' || c == '_' }), " ")
}
