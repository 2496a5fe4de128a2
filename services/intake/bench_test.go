package intake

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync/atomic"
	"testing"

	"kith/events"
)

// BenchmarkRead measures all that Take does before it touches the store, with an
// event about four people and with one about a single child.
func BenchmarkRead(b *testing.B) {
	for _, typ := range []events.Type{incident, missing1} {
		var data bytes.Buffer
		if err := json.Compact(&data, example(b, typ)); err != nil {
			b.Fatal(err)
		}
		m := sent("NSP-1", typ, data.Bytes())
		b.Run(string(typ), func(b *testing.B) {
			in := open(b, plain).Intake
			b.SetBytes(int64(len(m.Body)))
			b.ReportAllocs()
			for b.Loop() {
				msg, problems := in.read(agencies[0], m)
				if len(problems) > 0 {
					b.Fatal(problems)
				}
				itemise(msg, "because", in.store.Pseudonym)
			}
		})
	}
}

// BenchmarkTake measures a whole message, from its bytes to the signed receipt,
// with as many at the same time as there are CPUs to wait for one disk.
func BenchmarkTake(b *testing.B) {
	var data bytes.Buffer
	if err := json.Compact(&data, example(b, missing1)); err != nil {
		b.Fatal(err)
	}
	d := open(b, plain)
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			a, err := d.Take(b.Context(), police, sent("NSP-"+strconv.FormatInt(n.Add(1), 10), missing1, data.Bytes()))
			if err != nil || a.Receipt == nil {
				b.Errorf("%v %+v", err, a.Refusal)
				return
			}
		}
	})
}
