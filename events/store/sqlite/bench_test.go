package sqlite_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"kith/events/store"
)

// BenchmarkAppend appends events of 1 KiB, each one synced to disk before its
// append returns, from as many as the name says.
func BenchmarkAppend(b *testing.B) {
	for _, appenders := range []int{1, 64} {
		b.Run(fmt.Sprintf("appenders=%d", appenders), func(b *testing.B) {
			l := open(b, filepath.Join(b.TempDir(), "log.db"))
			var n atomic.Int64
			crowd(b, appenders, func(i int) {
				s := store.Stream(fmt.Sprintf("subject-%d", n.Add(1)/10))
				if _, err := l.Append(b.Context(), write(s, store.Any, make([]byte, 1024))); err != nil {
					b.Error(err)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkRead reads streams of ten events, from 64 at once, while 8 append.
func BenchmarkRead(b *testing.B) {
	l := open(b, filepath.Join(b.TempDir(), "log.db"))
	const streams = 1000
	for i := range streams {
		w := write(store.Stream(fmt.Sprint("subject-", i)), 0, make([]byte, 1024))
		for range 9 {
			w.Entries = append(w.Entries, write("", 0, make([]byte, 1024)).Entries...)
		}
		if _, err := l.Append(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
	var stop atomic.Bool
	var appenders sync.WaitGroup
	for i := range 8 {
		appenders.Go(func() {
			for !stop.Load() {
				if _, err := l.Append(b.Context(), write(store.Stream(fmt.Sprint("other-", i)), store.Any, make([]byte, 1024))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	crowd(b, 64, func(i int) {
		for _, err := range l.Read(b.Context(), store.Stream(fmt.Sprint("subject-", i%streams)), 0) {
			if err != nil {
				b.Error(err)
			}
		}
	})
	stop.Store(true)
	appenders.Wait()
}

// crowd does b.N things, by so many at once.
func crowd(b *testing.B, size int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range size {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				do(int(i))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}
