package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// diskBytes is the size of the small disk.
const diskBytes = 32 << 20

// disk holds what the processes keep by themselves. As root it is a small file
// system of its own, which can be filled.
type disk struct {
	folder  string
	mounted bool
}

func newDisk(folder string) (*disk, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("making the disk: %w", err)
	}
	err := syscall.Mount("redress-faults", folder, "tmpfs", 0, fmt.Sprintf("size=%d", diskBytes))
	return &disk{folder: folder, mounted: err == nil}, nil
}

func (d *disk) close() {
	if d.mounted {
		_ = syscall.Unmount(d.folder, syscall.MNT_DETACH)
	}
}

func (d *disk) ballast() string { return filepath.Join(d.folder, "ballast") }

// fill leaves no byte free.
func (d *disk) fill() error {
	if !d.mounted {
		return errors.New("the disk cannot be filled: that takes root, for a small file system to be mounted")
	}
	file, err := os.Create(d.ballast())
	if err != nil {
		return err
	}
	defer file.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := file.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			return err
		}
	}
	return nil
}

// free gives the room back.
func (d *disk) free() error { return os.Remove(d.ballast()) }
