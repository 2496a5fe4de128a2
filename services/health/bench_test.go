package health

import (
	"path/filepath"
	"strings"
	"testing"

	"kith/services/internal/native/nativetest"
)

// BenchmarkDoors is what translating each sample takes, the schema of FHIR
// included. One core.
func BenchmarkDoors(b *testing.B) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := r4Compiled(); err != nil {
		b.Fatal(err)
	}
	for _, path := range append(paths, "testdata/mns/base.json", "testdata/mns/fhir-imms.json") {
		if strings.HasSuffix(path, ".golden.json") {
			continue
		}
		b.Run(filepath.Base(path), func(b *testing.B) {
			raw := nativetest.File(b, path)
			translate := door(b, path)
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

// BenchmarkCompile is what the first FHIR resource waits for.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := compileR4(); err != nil {
			b.Fatal(err)
		}
	}
}
