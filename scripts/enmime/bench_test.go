package main

import "testing"

// BenchmarkParse runs what the table compares under go test -bench.
func BenchmarkParse(b *testing.B) {
	for _, s := range sets() {
		for name, parse := range map[string]parser{"redress": redress, "redress, from bytes": redressParse, "enmime": enmimeV2} {
			b.Run(s.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.round(parse)
				}
			})
		}
	}
}
