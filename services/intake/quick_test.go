package intake

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"kith/events"
)

// agree: the quick form of a schema and the validator say the same.
func agree(t *testing.T, typ events.Type, data []byte) (fits bool) {
	t.Helper()
	con, err := compiled()
	var doc any
	if err != nil || con.of[typ] == nil || json.Unmarshal(data, &doc) != nil {
		return false
	}
	return sameVerdict(t, con, typ, doc)
}

func sameVerdict(t *testing.T, con *contract, typ events.Type, doc any) bool {
	t.Helper()
	fits := con.quick[typ].fits(doc)
	if err := con.of[typ].Validate(doc); fits != (err == nil) {
		b, _ := json.Marshal(doc)
		t.Fatalf("%s: quick says %v, the validator %v\n%s", typ, fits, err == nil, b)
	}
	return fits
}

// Every schema has a quick form, and over many changed reports it says what the
// validator says.
func TestQuickAgrees(t *testing.T) {
	n := 400
	if os.Getenv("KITH_SOAK") != "" {
		n = 20_000
	}
	con, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	good, bad := 0, 0
	for typ := range events.FactTypes() {
		if con.quick[typ] == nil {
			t.Errorf("%s has no quick form: its schema uses something new; teach quickOf, or it is slow", typ)
			continue
		}
		pool := values(con, typ)
		for range n {
			doc := alter(parsed(t, typ), r, pool)
			if r.IntN(3) == 0 {
				doc = alter(doc, r, pool)
			}
			if sameVerdict(t, con, typ, doc) {
				good++
			} else {
				bad++
			}
		}
	}
	t.Logf("%d changed reports: both let %d pass and refuse %d", good+bad, good, bad)
	if good < 100 || bad < 1000 {
		t.Error("too few of one kind")
	}
}

func parsed(t *testing.T, typ events.Type) (doc any) {
	t.Helper()
	if err := json.Unmarshal(example(t, typ), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// values are what may be put somewhere: every word that a schema knows, what is
// near the limits, and things of every type.
func values(con *contract, typ events.Type) []any {
	vs := []any{nil, true, false, 0.0, 1.0, -1.0, 0.5, 100.0, 101.0, 46.0, 1e300, "", " ", "\u00a0", "x", strings.Repeat("é", 200), strings.Repeat("é", 201),
		strings.Repeat("x", 2001), strings.Repeat("x", 20001), "2026-02-28", "2026-02-30", "2026-11-20T21:40:00Z", "2026-11-20T21:40:00", "9434765870", "A801200005001",
		"a@b.example", map[string]any{}, []any{}, []any{"x", "x"}, map[string]any{"article6": "consent"}}
	for _, loc := range slices.Sorted(maps.Keys(con.at)) {
		if s := con.at[loc]; s.Enum != nil {
			vs = append(vs, s.Enum.Values...)
		} else if s.Const != nil {
			vs = append(vs, *s.Const)
		}
	}
	return vs
}

// alter changes one place of a document at random.
func alter(doc any, r *rand.Rand, pool []any) any {
	some := func() any { return pool[r.IntN(len(pool))] }
	switch v := doc.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		if len(names) == 0 || r.IntN(12) == 0 {
			v[[]string{"article9", "consentScope", "paragraph18", "why", "caveats", "identifiers", "address", "other"}[r.IntN(8)]] = some()
			return v
		}
		name := names[r.IntN(len(names))]
		switch r.IntN(6) {
		case 0:
			delete(v, name)
		case 1:
			v[name] = some()
		default:
			v[name] = alter(v[name], r, pool)
		}
		return v
	case []any:
		switch {
		case len(v) == 0 || r.IntN(5) == 0:
			return append(v, some())
		case r.IntN(8) == 0:
			return slices.Repeat(v, 1+r.IntN(60))
		case r.IntN(6) == 0:
			return v[:len(v)-1]
		}
		i := r.IntN(len(v))
		v = slices.Clone(v)
		v[i] = alter(clone(v[i]), r, pool)
		return v
	default:
		return some()
	}
}

// clone: slices.Repeat made several of the same.
func clone(v any) any {
	if m, ok := v.(map[string]any); ok {
		return maps.Clone(m)
	}
	return v
}
