package childview

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/events"
)

// example is the fact of the golden example of a type.
func example(t *testing.T, typ events.Type) events.Fact {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "events", "testdata", string(typ)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := events.DecodeReport(typ, b)
	if err != nil {
		t.Fatal(err)
	}
	return r.Fact
}

// Every fact that an agency may state has a title of its own, and whatever it
// says in sentences is said in its lines.
func TestEveryFactHasWords(t *testing.T) {
	titles := map[string]events.Type{}
	for typ := range events.FactTypes() {
		f := example(t, typ)
		title := Title(f)
		if title == "" || title == Title(nil) {
			t.Errorf("%s has no title", typ)
		}
		if other, ok := titles[title]; ok {
			t.Errorf("%s and %s are both %q", typ, other, title)
		}
		titles[title] = typ
		var lines string
		for _, l := range Detail(f) {
			if l.Label == "" || strings.TrimSpace(l.Text) == "" {
				t.Errorf("%s: an empty line %q", typ, l.Label)
			}
			lines += l.Text + "\n"
		}
		for field, s := range sentences(t, f) {
			if !strings.Contains(title+"\n"+lines, s) {
				t.Errorf("%s: what %s says is not shown", typ, field)
			}
		}
	}
}

// sentences are the texts of a fact, by field.
func sentences(t *testing.T, f events.Fact) map[string]string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text(t, f)), &m); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for k, v := range m {
		if s, ok := v.(string); ok && strings.Contains(s, " ") {
			out[k] = s
		}
	}
	return out
}

func TestArrange(t *testing.T) {
	shown := func(id string, occurred int, p events.Person, v *events.Voice) events.ShownItem {
		return events.ShownItem{Held: events.Held{HubRecordedAt: hour(occurred), Item: events.Item{
			ID: events.ItemID(id), Agency: "oakfield", Person: p, Fact: events.Suspension{}, Shared: events.Shared{OccurredAt: hour(occurred), Voice: v}}}}
	}
	zoe := events.Person{Role: events.RoleChild, Name: events.Name{Given: "Zoe", Family: "Hart"}, DateOfBirth: "2015-04-01"}
	zoë := zoe
	zoë.Name.Given = "Zoë"
	v := Arrange(events.Shown{
		Child: "c",
		Items: []events.ShownItem{
			shown("later", 5, zoë, &events.Voice{Words: "then"}),
			shown("first", 1, zoe, &events.Voice{Words: "at first"}),
			shown("parent", 9, events.Person{Role: events.RoleParent, Name: events.Name{Given: "Somebody", Family: "Else"}}, nil),
		},
		Clocks: []events.Clock{{Due: "2026-12-02"}, {Due: "2026-12-01"}},
	})
	if v.Items[0].ID != "first" || v.Items[2].ID != "parent" || v.Items[0].Title != "Suspended from school" {
		t.Error("items are not in the order in which they occurred, or have no title")
	}
	if len(v.Voice) != 2 || v.Voice[0].Words != "then" {
		t.Error("the child's latest words are not first")
	}
	if v.Clocks[0].Due != "2026-12-01" {
		t.Error("what is due first is not first")
	}
	if len(v.About.Names) != 2 || v.About.Name() != "Zoë Hart" || v.About.Born() != "2015-04-01" {
		t.Error("the child is not named as the latest item names the child")
	}
}

func TestArrangedJSON(t *testing.T) {
	whole := Arrange(events.Shown{Child: "c", Purpose: events.PurposeSection47, Items: []events.ShownItem{{Held: events.Held{Item: events.Item{ID: "i", Fact: events.Suspension{}}}}}})
	var m map[string]any
	if err := json.Unmarshal([]byte(text(t, whole)), &m); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"child", "about", "purpose", "items", "withheld", "agencies", "clocks", "voice", "discussions", "consents"} {
		if m[name] == nil {
			t.Errorf("%s is missing or null", name)
		}
	}
	item, _ := m["items"].([]any)[0].(map[string]any)
	for _, name := range []string{"item", "agency", "kind", "type", "title", "source", "occurredAt", "recordedAt", "hubRecordedAt", "late", "role", "person", "fact", "contact", "basis", "label", "caveats", "grounds"} {
		if v, ok := item[name]; !ok || v == nil {
			t.Errorf("item: %s is missing or null", name)
		}
	}
	if strings.Contains(text(t, Arrange(events.Shown{})), "null") {
		t.Error("an empty list is null")
	}
}

// Arranging neither adds to what may be shown nor changes it.
func TestArrangeLeavesTheShown(t *testing.T) {
	s := events.Shown{Clocks: []events.Clock{{Due: "2"}, {Due: "1"}}}
	before := slices.Clone(s.Clocks)
	Arrange(s)
	if !slices.Equal(before, s.Clocks) {
		t.Error("the clocks of the Shown changed their order")
	}
}

func TestPrintedByItselfItSaysNothing(t *testing.T) {
	i := Item{Title: "secret", Detail: []Line{{"secret", "secret"}}, Person: events.Person{LocalID: "secret"}}
	for _, v := range []any{Arranged{Items: []Item{i}}, i, Heard{Words: "secret"}, About{Names: []events.Name{{Given: "secret"}}}, Line{"secret", "secret"}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "secret") {
				t.Errorf("%T under %s: %s", v, verb, got)
			}
		}
	}
}
