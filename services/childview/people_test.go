package childview

import (
	"testing"

	"kith/events"
	"kith/events/store"
)

// People are those who were recorded before the call, each as often as they were
// described; somebody whose key is gone is nobody.
func TestPeople(t *testing.T) {
	h := open(t)
	for _, name := range []string{"Joan", "Joanna"} {
		i := said("i-"+name, "s", hour(1)).(events.Item)
		i.Person.Name.Given = name
		h.append("subject-s", i)
	}
	h.append("subject-t", said("i2", "t", hour(2)))
	ps, err := h.People(t.Context(), []events.SubjectID{"s", "nobody"})
	if err != nil || len(ps) != 2 || ps[0].Name.Given != "Joan" || ps[1].Name.Given != "Joanna" {
		t.Fatalf("%d people, %v", len(ps), err)
	}
	if err := h.keys.Destroy(t.Context(), store.KeyID("subject-s")); err != nil {
		t.Fatal(err)
	}
	if ps, err := h.People(t.Context(), []events.SubjectID{"s"}); err != nil || len(ps) != 0 {
		t.Errorf("%d people after the key was destroyed, %v", len(ps), err)
	}
}
