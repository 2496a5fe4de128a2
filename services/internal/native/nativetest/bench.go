package nativetest

import (
	"path/filepath"
	"testing"
)

// Bench measures each door with each sample.
func Bench(b *testing.B, door Door) {
	for _, path := range samples(b) {
		raw, translate := File(b, path), door(b, path)
		b.Run(filepath.Base(path), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := translate(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
