package web

import (
	"context"
	"net/http"
	"time"

	"github.com/redress-cms/redress/templates/pages"
)

// contentPolicy allows our own stylesheet, crest and forms, and nothing else.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// guarded adds the headers that every page has.
func (s *site) guarded(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		next(w, r)
	})
}

// ownPagesOnly refuses what a form of another site posts.
func (s *site) ownPagesOnly(next http.Handler) http.HandlerFunc {
	protected := s.origin.Handler(next)
	return func(w http.ResponseWriter, r *http.Request) {
		// Under our own no-referrer policy a browser sends "Origin: null"
		// (Fetch standard, section 3.2), and over plain HTTP no Sec-Fetch-Site
		// to tell more. Then the signed token in the form, which no other site
		// can read, is the guard.
		if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
			next.ServeHTTP(w, r)
			return
		}
		protected.ServeHTTP(w, r)
	}
}

func (s *site) foreign(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusForbidden, "foreign")
}

// throttled bounds how much one client may post.
func (s *site) throttled(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.posts.take(s.client(r), s.config.Now()) {
			s.busy(w, r)
			return
		}
		next(w, r)
	})
}

// Bounds of forms with files, each of which takes several times its size in
// memory: how many of the largest at a time, and how long one more waits.
const (
	maxUploads = 8
	uploadWait = 10 * time.Second
)

// admitted lets only so much be uploaded at the same time. A form without
// files is small and never waits.
func (s *site) admitted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		size, largest := r.ContentLength, s.config.MaxBytes+formOverhead
		if size < 0 || size > largest {
			size = largest
		}
		if size <= formOverhead {
			next(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), uploadWait)
		defer cancel()
		if err := s.uploads.Acquire(ctx, size); err != nil {
			s.busy(w, r)
			return
		}
		defer s.uploads.Release(size)
		next(w, r)
	}
}

func (s *site) busy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "60")
	s.problem(w, r, http.StatusTooManyRequests, "busy")
}

func serveAsset(asset pages.Asset) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", asset.ContentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(asset.Body) // the client's loss
	})
}
