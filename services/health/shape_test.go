package health

import (
	"encoding/json"
	"testing"

	"kith/services/internal/native/nativetest"
)

// The fast form and the validator judge alike, samples and spoilt ones.
func TestShapeJudgesAsTheSchema(t *testing.T) {
	r, err := r4Compiled()
	if err != nil {
		t.Fatal(err)
	}
	right, wrong := 0, 0
	for _, sample := range samplesOf(t) {
		var top any
		if err := json.Unmarshal(nativetest.File(t, sample), &top); err != nil {
			t.Fatal(err)
		}
		resources(top, func(doc map[string]any) {
			kind := doc["resourceType"].(string)
			judge := func(what string) {
				fast, slow := r.shapes[kind].fits(doc), r.of[kind].Validate(doc) == nil
				if fast != slow {
					t.Errorf("%s, a %s, %s: fast %t, by the schema %t", sample, kind, what, fast, slow)
				}
				if slow {
					right++
				} else {
					wrong++
				}
			}
			judge("as it is")
			spoil(doc, judge)
		})
	}
	if right < 1000 || wrong < 1000 {
		t.Errorf("%d fit, %d do not: too few of either", right, wrong)
	}
	t.Logf("%d judged to fit, %d not, by both", right, wrong)
}

// resources hands over each resource in a document that is read.
func resources(v any, each func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		if kind, _ := v["resourceType"].(string); kind == "Bundle" || kind == "Parameters" || readable(kind) {
			each(v)
		}
		for _, x := range v {
			resources(x, each)
		}
	case []any:
		for _, x := range v {
			resources(x, each)
		}
	}
}
