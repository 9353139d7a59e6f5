package main

import (
	"testing"
	"time"
)

// BenchmarkMailbox measures how long a waiting mailbox takes until every mail
// is a case and its acknowledgement is queued, as a multiple of the time that
// fetching alone takes.
func BenchmarkMailbox(b *testing.B) {
	for _, box := range []struct {
		name    string
		n, size int
	}{{"1000_plain", 1000, 0}, {"200_of_200kB", 200, 200 << 10}, {"40_of_10MB", 40, 10 << 20}} {
		b.Run(box.name, func(b *testing.B) {
			var bare, whole time.Duration
			var peak int64
			for range b.N {
				b.StopTimer()
				m := newFullMailbox(b, box.n, box.size)
				bare += min(m.bareFetch(), m.bareFetch())
				b.StartTimer()
				began := m.start()
				m.awaitAcknowledgements(box.n)
				whole += time.Since(began)
				peak = max(peak, m.peak())
				b.StopTimer()
				m.stop()
			}
			b.ReportMetric(whole.Seconds()/bare.Seconds(), "x-bare")
			b.ReportMetric(bare.Seconds()/float64(b.N), "bare-s")
			b.ReportMetric(whole.Seconds()/float64(b.N), "whole-s")
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
		})
	}
}
