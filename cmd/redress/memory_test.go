//go:build !race

package main

const (
	largeMails = 40
	// maxPeak is what the program may take while they come in, in bytes. Of it
	// some 60 MB are the test binary, which is the program here.
	maxPeak = 140 << 20
)
