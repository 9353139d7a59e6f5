package mail

import (
	"sort"
	"strings"
	"testing"
)

// theirReasons maps the names of the corpus to ours.
var theirReasons = map[string]Reason{
	"userunknown": ReasonUserUnknown, "hostunknown": ReasonHostUnknown, "hasmoved": ReasonMoved, "notaccept": ReasonNotAccepting, "suspend": ReasonSuspended,
	"mailboxfull": ReasonMailboxFull, "filtered": ReasonFiltered, "expired": ReasonExpired, "networkerror": ReasonNetwork, "mesgtoobig": ReasonTooBig, "exceedlimit": ReasonTooBig,
	"spamdetected": ReasonSpam, "virusdetected": ReasonVirus, "contenterror": ReasonContent, "blocked": ReasonBlocked, "badreputation": ReasonReputation,
	"requireptr": ReasonNoReverseDNS, "authfailure": ReasonAuthentication, "policyviolation": ReasonPolicy, "rejected": ReasonRejected, "norelaying": ReasonRelayDenied,
	"securityerror": ReasonSecurity, "speeding": ReasonRateLimited, "toomanyconn": ReasonConnections, "systemerror": ReasonSystem, "systemfull": ReasonSystemFull,
	"mailererror": ReasonMailer, "syntaxerror": ReasonSyntax, "notcompliantrfc": ReasonNotCompliant, "onhold": ReasonOnHold, "undefined": ReasonUnknown, "delivered": ReasonDelivered,
}

func TestBounceCorpus(t *testing.T) {
	var expected map[string][]struct {
		Status, Reason string
		Hard           bool
	}
	dir := corpus(t, "bounces", &expected)
	var files []string
	for file := range expected {
		files = append(files, file)
	}
	sort.Strings(files)
	var total, automatic, kind, statuses, class, hard, reason, entries, identified int
	for _, file := range files {
		want := expected[file]
		m := Parse(read(t, dir, file), Limits{})
		total++
		if m.Automatic.Kind != None {
			automatic++
		} else {
			t.Logf("%s: taken for a person's: %q", file, m.Subject)
		}
		if len(m.Returned) > 0 {
			identified++
		}
		if kindFits(m.Automatic.Kind, want[0].Reason) {
			kind++
		} else {
			t.Logf("%s: kind %s, want one for %s", file, m.Automatic.Kind, want[0].Reason)
		}
		for i, w := range want {
			if w.Status == "" {
				continue
			}
			statuses++
			var got Bounce
			if i < len(m.Bounces) {
				got = m.Bounces[i]
			}
			c, h, r := strings.HasPrefix(got.Status, w.Status[:2]), got.Hard == w.Hard, got.Reason == theirReasons[w.Reason]
			if c {
				class++
			}
			if h {
				hard++
			}
			if r {
				reason++
			}
			entries++
			if !c || !h || !r {
				t.Logf("%s[%d]: %s %v %s, want %s %v %s: %s %.180q", file, i, got.Status, got.Hard, got.Reason, w.Status, w.Hard, w.Reason, got.Recipient, got.Diagnostic)
			}
		}
	}
	t.Logf("%d mails: automatic %d, kind %d, returned id %d; %d recipients: class %d, hard %d, reason %d", total, automatic, kind, identified, entries, class, hard, reason)
	for _, check := range []struct {
		what          string
		got, of, want int // want: per cent
	}{
		{"automatic", automatic, total, 100}, {"kind", kind, total, 99}, {"class", class, statuses, 95}, {"hard", hard, statuses, 90}, {"reason", reason, statuses, 68},
	} {
		if check.got*100 < check.want*check.of {
			t.Errorf("%s: %d of %d right, want %d%%", check.what, check.got, check.of, check.want)
		}
	}
}

func kindFits(kind Kind, reason string) bool {
	switch reason {
	case "feedback":
		return kind == FeedbackReport
	case "vacation":
		return kind == AutoReply
	}
	return kind == BounceKind || kind == Delay
}
