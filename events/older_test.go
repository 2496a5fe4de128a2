package events

import (
	"errors"
	"strings"
	"testing"
)

// These are made up. In the first there was
// one name, in the second a list, in the third each has a role.
type (
	calledV1 struct {
		Who string `json:"who"`
	}
	calledV2 struct {
		Who []string `json:"who"`
	}
	calledV3 struct {
		Called []calledPerson `json:"called"`
	}
	calledPerson struct {
		Who  string `json:"who"`
		Role string `json:"role"`
	}
)

func (calledV1) Type() Type { return "test.called.v1" }
func (calledV2) Type() Type { return "test.called.v2" }
func (calledV3) Type() Type { return "test.called.v3" }
func (calledV1) event()     {}
func (calledV2) event()     {}
func (calledV3) event()     {}

func calls() func(Type) (codec, bool) {
	all := index(
		older(decision[calledV1](), func(v calledV1) calledV2 { return calledV2{Who: strings.Fields(v.Who)} }),
		older(decision[calledV2](), func(v calledV2) calledV3 {
			var n calledV3
			for _, w := range v.Who {
				n.Called = append(n.Called, calledPerson{w, "unknown"})
			}
			return n
		}),
		decision[calledV3](),
	)
	return func(t Type) (codec, bool) { c, ok := all[t]; return c, ok }
}

func TestOlderVersionsComeAsTheNewest(t *testing.T) {
	for _, tc := range []struct {
		typ  Type
		json string
		want int
	}{
		{"test.called.v1", `{"who":"a b"}`, 2},
		{"test.called.v1", `{"who":""}`, 0},
		{"test.called.v2", `{"who":["a"]}`, 1},
		{"test.called.v3", `{"called":[{"who":"a","role":"chair"}]}`, 1},
	} {
		e, err := decode(calls(), tc.typ, []byte(tc.json))
		v, ok := e.(calledV3)
		if err != nil || !ok || len(v.Called) != tc.want {
			t.Errorf("%s %s: %T, %v", tc.typ, tc.json, e, err)
		}
		if n := newest(calls(), tc.typ); n != "test.called.v3" {
			t.Errorf("the newest of %s is %s", tc.typ, n)
		}
	}
	if _, err := decode(calls(), "test.called.v1", []byte(`{"who":["a"]}`)); err == nil {
		t.Error("the first version is read as the second")
	}
	if _, err := decode(calls(), "test.called.v4", nil); !errors.Is(err, ErrUnknownType) {
		t.Errorf("a version nobody knows: %v", err)
	}
}
