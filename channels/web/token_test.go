package web

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func testSigner(now *time.Time) signer {
	return signer{secret: []byte("0123456789abcdef0123456789abcdef"), now: func() time.Time { return *now }, random: rand.Reader}
}

func TestTokenIsGoodForOnePurpose(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	s := testSigner(&now)
	token := s.seal("form", "nonce")
	now = now.Add(time.Hour)
	if got, err := s.open("form", token); err != nil || got.ID != "nonce" || got.Age != time.Hour {
		t.Errorf("open = %+v, %v", got, err)
	}
	other := s
	other.secret = []byte("another secret of at least 32 by")
	for name, open := range map[string]func() (stamp, error){
		"other purpose": func() (stamp, error) { return s.open("track", token) },
		"shifted":       func() (stamp, error) { return s.open("for", "m"+token) },
		"other secret":  func() (stamp, error) { return other.open("form", token) },
		"cut":           func() (stamp, error) { return s.open("form", token[:len(token)-1]) },
		"no signature":  func() (stamp, error) { return s.open("form", "AAAAAAAAAAA") },
		"empty":         func() (stamp, error) { return s.open("form", "") },
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s: opened as %+v", name, got)
		}
	}
	first, err := s.fresh("form")
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := s.fresh("form"); second == first {
		t.Error("two forms have one token")
	}
}

func FuzzToken(f *testing.F) {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	s := testSigner(&now)
	good := s.seal("form", "nonce")
	f.Add(good)
	f.Add("AAAAAAAAAAA.AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := s.open("form", token); err == nil && s.seal("form", got.ID) != good && token != good {
			t.Errorf("%q was opened as %+v", token, got)
		}
	})
}

func TestLimiterForgetsTheLongestSilent(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	l := newLimiter(1, time.Minute)
	client := func(i int) netip.Prefix {
		return netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.%d/32", i>>16, i>>8&255, i&255))
	}
	for i := range maxClients + 100 {
		if !l.take(client(i), now) {
			t.Fatalf("client %d has nothing left at its first try", i)
		}
	}
	if len(l.clients) != maxClients || l.recent.Len() != maxClients {
		t.Errorf("%d clients are kept", len(l.clients))
	}
	last := client(maxClients + 99)
	if l.take(last, now) {
		t.Error("the latest client was forgotten")
	}
	if !l.take(last, now.Add(time.Minute)) {
		t.Error("nothing came back after a minute")
	}
	if l.take(last, now.Add(-time.Hour)) {
		t.Error("a clock stepped back gives tries")
	}
}

func TestTokenInWhatIsPasted(t *testing.T) {
	const token = "k3m7q2wz5xv4n6p9r8t1k3m7q2wz5xv4"
	for pasted, want := range map[string]string{
		token: token, "https://city.example/track/" + token: token, "x/track/" + token + "/messages": token,
		"/track/" + token + "#a": token, "C-7K2M-9QXT": "", "C7K2M9QXT": "", "": "", "/track/": "",
		token + token + token: "", token + " x": "", "/track/<" + token: "",
	} {
		if got := tokenIn(pasted); got != want {
			t.Errorf("tokenIn(%q) = %q, want %q", pasted, got, want)
		}
	}
}
