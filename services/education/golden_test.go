package education

import (
	"testing"

	"kith/services/internal/native/nativetest"
)

func TestSamplesGiveTheirNotices(t *testing.T) { nativetest.Golden(t, door) }

func TestNotARecord(t *testing.T) { nativetest.NotARecord(t, Doors()) }

func FuzzDoors(f *testing.F) { nativetest.Fuzz(f, Doors()) }

// spoilt is a sample with one thing changed, and the places that must be named.
type spoilt struct{ sample, old, new, want string }

func (c spoilt) check(t *testing.T) { nativetest.Spoil(t, door, c.sample, c.old, c.new, c.want) }

func TestWhatIsTakenFitsTheHub(t *testing.T) { nativetest.Taken(t, door) }

func BenchmarkDoors(b *testing.B) { nativetest.Bench(b, door) }
