package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestThoseWhoComeMeanwhileShareTheNextCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group[int, int]
		var sizes []int
		commit := func(_ context.Context, items []int) ([]int, error) {
			time.Sleep(time.Second)
			sizes = append(sizes, len(items))
			if slices.Contains(items, 13) {
				return nil, errors.New("spoilt")
			}
			return items, nil
		}
		var wg sync.WaitGroup
		for n := range 16 {
			wg.Go(func() {
				if n > 0 {
					time.Sleep(time.Millisecond)
				}
				got, err := g.do(t.Context(), n, commit)
				if (err != nil) != (n == 13) || err == nil && got != n {
					t.Errorf("%d became %d, %v", n, got, err)
				}
			})
		}
		wg.Wait()
		if want := []int{1, 15}; !slices.Equal(sizes[:2], want) || len(sizes) != 2+15 {
			t.Errorf("commits of %v; want one, the fifteen others, and each of them alone since one spoils it", sizes)
		}
	})
}
