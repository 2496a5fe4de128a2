package bus

import (
	"testing"
	"time"

	"kith/events"
)

// BenchmarkDecode measures an event as an agency writes it, of some 1 KiB.
func BenchmarkDecode(b *testing.B) {
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	text := make([]byte, 400)
	for i := range text {
		text[i] = 'x'
	}
	e, err := NewEvent("urn:kith:agency:oakfield-school", events.Notice{ID: "7", Report: events.Report{
		Shared: events.Shared{OccurredAt: at, RecordedAt: at},
		About:  []events.Person{{LocalID: "1", Role: events.RoleChild}},
		Fact:   events.OffRoll{On: "2026-11-20", Reason: string(text)},
	}})
	if err != nil {
		b.Fatal(err)
	}
	m, err := Structured(e)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(m.Body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("structured", func(b *testing.B) {
		b.SetBytes(int64(len(m.Body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Structured(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}
