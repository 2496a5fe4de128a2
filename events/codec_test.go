package events_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/events"
)

func TestDecodeIsStrict(t *testing.T) {
	const concern = events.Type("uk.kith.education.concern.v1")
	good := golden(t, concern)
	for name, data := range map[string][]byte{
		"data after the end":  append(bytes.Clone(good), "{}"...),
		"unknown field":       bytes.Replace(good, []byte(`{"occurredAt"`), []byte(`{"risk":9,"occurredAt"`), 1),
		"unknown fact field":  bytes.Replace(good, []byte(`"reference":`), []byte(`"score":9,"reference":`), 1),
		"no fact":             []byte(`{}`),
		"cut off":             good[:len(good)/2],
		"not even an object":  []byte(`[]`),
		"another type's fact": golden(t, "uk.kith.education.suspension.v1"),
	} {
		if _, err := events.DecodeReport(concern, data); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}

func TestUnknownTypes(t *testing.T) {
	for _, typ := range []events.Type{"", "uk.kith.education.concern.v2", "uk.kith.intake.event-accepted.v1"} {
		if _, err := events.DecodeReport(typ, []byte("{}")); !errors.Is(err, events.ErrUnknownType) {
			t.Errorf("DecodeReport(%q): %v", typ, err)
		}
	}
	if _, err := events.Decode("uk.kith.education.concern.v2", []byte("{}")); !errors.Is(err, events.ErrUnknownType) {
		t.Errorf("Decode: %v", err)
	}
}

// Whatever an event holds, what is read back is what was written. The values
// come from the golden examples, each replaced by any of the same kind, so that a
// new type is covered by its golden file.
func TestRoundTripOfAnything(t *testing.T) {
	facts := slices.Collect(events.FactTypes())
	types := slices.DeleteFunc(slices.Collect(events.Types()), func(t events.Type) bool { return events.Newest(t) != t })
	examples := map[events.Type][]byte{}
	for _, typ := range types {
		examples[typ] = golden(t, typ)
	}
	rapid.Check(t, func(rt *rapid.T) {
		typ := rapid.SampledFrom(types).Draw(rt, "type")
		data := mutate(rt, examples[typ])
		if !slices.Contains(facts, typ) {
			same(rt, data, func(b []byte) ([]byte, error) {
				e, err := events.Decode(typ, b)
				if err != nil {
					return nil, err
				}
				return events.Encode(e)
			})
			return
		}
		same(rt, data, func(b []byte) ([]byte, error) {
			r, err := events.DecodeReport(typ, b)
			if err != nil {
				return nil, err
			}
			for _, i := range items(r) {
				if err := stable(i); err != nil {
					return nil, err
				}
			}
			return events.EncodeReport(r)
		})
	})
}

// same fails unless what comes back from data means the same, and coming back a
// second time is the same to the byte.
func same(rt *rapid.T, data []byte, through func([]byte) ([]byte, error)) {
	once, err := through(data)
	if err != nil {
		rt.Fatalf("%v\n%s", err, data)
	}
	if !bytes.Equal(canonical(rt, once), canonical(rt, data)) {
		rt.Fatalf("lost something:\n%s\n%s", data, once)
	}
	if twice, err := through(once); err != nil || !bytes.Equal(once, twice) {
		rt.Fatalf("not stable: %v\n%s\n%s", err, once, twice)
	}
}

func stable(e events.Event) error {
	want, err := events.Encode(e)
	if err != nil {
		return err
	}
	again, err := events.Decode(e.Type(), want)
	if err != nil {
		return err
	}
	if got, err := events.Encode(again); err != nil || !bytes.Equal(got, want) {
		return errors.New("an item does not come back as it was")
	}
	return nil
}

func mutate(rt *rapid.T, data []byte) []byte {
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		rt.Fatal(err)
	}
	b, err := json.Marshal(vary(rt, doc))
	if err != nil {
		rt.Fatal(err)
	}
	return b
}

// vary replaces values by others of the same kind. None is empty: an optional
// field that is empty is the same as one that is absent.
func vary(rt *rapid.T, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			v[k] = vary(rt, v[k])
			if k == "message" {
				v[k] = rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(rt, "message")
			}
		}
	case []any:
		for i := range v {
			v[i] = vary(rt, v[i])
		}
	case string:
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return anyTime().Draw(rt, "time")
		}
		return rapid.StringN(1, 40, -1).Draw(rt, "text")
	case float64:
		return rapid.IntRange(0, 1<<30).Draw(rt, "number")
	case bool:
		return rapid.Bool().Draw(rt, "flag")
	}
	return v
}

func anyTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(rt *rapid.T) time.Time {
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(rt, "offset"))
		return time.Unix(rapid.Int64Range(0, 1<<32).Draw(rt, "second"), rapid.Int64Range(0, 999_999_999).Draw(rt, "nanosecond")).In(zone)
	})
}

func canonical(rt *rapid.T, data []byte) []byte {
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		rt.Fatal(err)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		rt.Fatal(err)
	}
	return b
}

func FuzzDecodeReport(f *testing.F) {
	for typ := range events.FactTypes() {
		f.Add(string(typ), golden(f, typ))
	}
	f.Fuzz(func(t *testing.T, typ string, data []byte) {
		r, err := events.DecodeReport(events.Type(typ), data)
		if err != nil {
			return
		}
		once, err := events.EncodeReport(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := events.DecodeReport(events.Type(typ), once)
		if err != nil {
			t.Fatalf("%v\n%s", err, once)
		}
		if twice, err := events.EncodeReport(again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%v\n%s\n%s", err, once, twice)
		}
	})
}

func FuzzDecode(f *testing.F) {
	facts := slices.Collect(events.FactTypes())
	for typ := range events.Types() {
		data := golden(f, typ)
		if slices.Contains(facts, typ) {
			r, err := events.DecodeReport(typ, data)
			if err != nil {
				f.Fatal(err)
			}
			if data, err = events.Encode(items(r)[0]); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(string(typ), data)
	}
	f.Fuzz(func(t *testing.T, typ string, data []byte) {
		if e, err := events.Decode(events.Type(typ), data); err == nil {
			roundTrip(t, e)
		}
	})
}
