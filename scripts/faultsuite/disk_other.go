//go:build !linux

package main

import (
	"errors"
	"os"
)

// disk holds what the processes keep by themselves. Here it cannot be filled.
type disk struct {
	folder  string
	mounted bool
}

func newDisk(folder string) (*disk, error) { return &disk{folder: folder}, os.MkdirAll(folder, 0o755) }

func (d *disk) close() {}

func (d *disk) fill() error { return errors.New("the disk can be filled on Linux only") }

func (d *disk) free() error { return nil }
