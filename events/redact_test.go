package events_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/events"
)

// Whatever way a value is printed, no text of the golden example comes out.
// Values of a few letters and codes that stand in our own source are no secret.
func TestFactsAndPeoplePrintAsWithheld(t *testing.T) {
	for typ := range events.FactTypes() {
		t.Run(string(typ), func(t *testing.T) {
			data := golden(t, typ)
			r, err := events.DecodeReport(typ, data)
			if err != nil {
				t.Fatal(err)
			}
			secrets := texts(t, data)
			i := items(r)[0]
			p := r.About[0]
			for _, v := range []any{
				r, &r, []events.Report{r}, i, &i, []events.Item{i}, []*events.Item{&i},
				r.Shared, &r.Shared, r.Fact, []events.Fact{r.Fact}, events.Event(i),
				r.Contact, r.Voice, r.Informed, r.Basis, r.Basis.Paragraph18,
				p, &p, r.About, []*events.Person{&p}, map[string]events.Person{"": p},
				p.Name, p.Identifiers, p.Identifiers.NHSNumber, p.Address,
				events.Notice{ID: "1", Report: r}, &events.Notice{Report: r},
				events.Held{Item: i}, []events.ShownItem{{Held: events.Held{Item: i}}},
				events.Picture{Items: []events.Held{{Item: i}}}, events.Shown{Items: []events.ShownItem{{Held: events.Held{Item: i}}}},
				events.Involved{Contact: r.Contact},
				events.ConcernStatus{Person: p, Voice: r.Voice, Informed: r.Informed},
				events.Match{Name: p.Name, Born: p.DateOfBirth},
				events.Query{Name: p.Name, DateOfBirth: p.DateOfBirth, UPN: p.Identifiers.UPN},
			} {
				silent(t, v, secrets)
			}
		})
	}
}

func TestDecisionsPrintAsWithheld(t *testing.T) {
	facts := slices.Collect(events.FactTypes())
	for typ := range events.Types() {
		if slices.Contains(facts, typ) {
			continue
		}
		t.Run(string(typ), func(t *testing.T) {
			data := golden(t, typ)
			e, err := events.Decode(typ, data)
			if err != nil {
				t.Fatal(err)
			}
			secrets := slices.DeleteFunc(texts(t, data), func(s string) bool {
				return !strings.Contains(s, " ") || strings.HasPrefix(s, "Working Together") // words that somebody wrote
			})
			silent(t, e, secrets)
			silent(t, []events.Event{e}, secrets)
		})
	}
	refused := events.EventRefused{Message: []byte("Amelia")}
	silent(t, refused, []string{"Amelia", fmt.Sprint([]byte("Amelia")), fmt.Sprintf("%x", "Amelia"), "QW1lbGlh"})
	silent(t, events.Discussion{Reason: "what Amelia said"}, []string{"Amelia"})
	silent(t, []events.Action{{What: "See Amelia"}}, []string{"Amelia"})
}

// silent fails if any way of printing v gives away one of the secrets.
func silent(t *testing.T, v any, secrets []string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		check(t, fmt.Sprintf("%T with %s", v, verb), fmt.Sprintf(verb, v), secrets)
	}
	check(t, fmt.Sprintf("error with %T", v), fmt.Errorf("no: %v", v).Error(), secrets)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("said", "value", v, slog.Group("in", "value", v))
	check(t, fmt.Sprintf("slog text of %T", v), log.String(), secrets)
	if _, ok := v.(slog.LogValuer); ok {
		log.Reset()
		slog.New(slog.NewJSONHandler(&log, nil)).Info("said", "value", v)
		check(t, fmt.Sprintf("slog JSON of %T", v), log.String(), secrets)
	}
}

func check(t *testing.T, how, out string, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(out, s) {
			t.Errorf("%s gives away %q: %s", how, s, out)
			return
		}
	}
}

// texts lists the strings of a JSON document that somebody wrote or that name a
// person: all but words of our own vocabulary and moments.
func texts(t *testing.T, data []byte) []string {
	t.Helper()
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case string:
			if _, err := time.Parse(time.RFC3339, v); err != nil && !slices.Contains(ours, v) {
				all = append(all, v)
			}
		}
	}
	walk(doc)
	return all
}

// ours are words of the vocabulary: they say nothing without what surrounds them.
var ours = []string{
	"child", "parent", "victim", "alleged-perpetrator", "female", "male", "verified",
	"core", "sensitive", "restricted", "involvement", "no-guardian", "third-party",
	"consent", "public-task", "legal-obligation", "explicit-consent", "substantial-public-interest",
	"health-or-social-care", "early-help", "under-18",
	"school", "6", // too short to tell
}
