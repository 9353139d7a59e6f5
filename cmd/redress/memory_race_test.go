//go:build race

package main

// Under the race detector the program takes several times the memory and time.
const (
	largeMails = 10
	maxPeak    = 500 << 20
)
