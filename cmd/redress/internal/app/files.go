package app

import (
	"context"
	"io"

	"github.com/redress-cms/redress/cases/store/files"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
)

// ChannelFiles are the files as channels know them.
func (a *App) ChannelFiles() channels.Files { return channelFiles{a.Files} }

type channelFiles struct{ *files.Files }

// Put implements channels.Files.
func (f channelFiles) Put(ctx context.Context, r io.Reader, maxBytes int64) (channels.Stored, error) {
	stored, err := f.Files.Put(ctx, r, maxBytes)
	return channels.Stored(stored), err
}

// Create implements channels.Files.
func (f channelFiles) Create(ctx context.Context, maxBytes int64) (channels.FileWriter, error) {
	w, err := f.Files.Create(ctx, maxBytes)
	if err != nil {
		return nil, err
	}
	return fileWriter{w}, nil
}

type fileWriter struct{ *files.Writer }

// Keep implements channels.FileWriter.
func (w fileWriter) Keep() (channels.Stored, error) {
	stored, err := w.Writer.Keep()
	return channels.Stored(stored), err
}

// fileSweep deletes files that no message has, and spares those of the spool.
func (a *App) fileSweep() *pipeline.FileSweep {
	sweep := &pipeline.FileSweep{Files: a.Files, Store: a.Store, Clock: a.Clock, Logger: a.Logger}
	if a.spool != nil {
		sweep.Spool = a.spool
	}
	return sweep
}
