package store

import (
	"context"
	"fmt"
)

// FilesInUse tells which of some files, by their SHA-256, a row names. Every
// column that names one is asked: what no row names is deleted when it is old.
func (s *Store) FilesInUse(ctx context.Context, sums []string) (map[string]bool, error) {
	used := make(map[string]bool, len(sums))
	if len(sums) == 0 {
		return used, nil
	}
	rows, err := all[string](s.read(ctx), filesInUseSQL, sums, sums, sums, sums, sums)
	if err != nil {
		return nil, fmt.Errorf("look for the rows of files: %w", err)
	}
	for _, sum := range rows {
		used[sum] = true
	}
	return used, nil
}

const filesInUseSQL = `SELECT raw_sha256 FROM inbound WHERE raw_sha256 IS NOT NULL AND raw_sha256 IN ?
	UNION SELECT sha256 FROM attachments WHERE sha256 IN ?
	UNION SELECT picture FROM attachments WHERE picture <> '' AND picture IN ?
	UNION SELECT thumbnail FROM attachments WHERE thumbnail <> '' AND thumbnail IN ?
	UNION SELECT picture FROM outbox WHERE picture <> '' AND picture IN ?`
