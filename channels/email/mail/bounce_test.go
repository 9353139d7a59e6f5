package mail

import (
	"maps"
	"slices"
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

type wantedBounce struct {
	Status, Reason string
	Hard           bool
}

// tally counts what was right.
type tally struct {
	mails, automatic, kind, identified int
	recipients, class, hard, reason    int
}

func TestBounceCorpus(t *testing.T) {
	var expected map[string][]wantedBounce
	dir := corpus(t, "bounces", &expected)
	files := slices.Sorted(maps.Keys(expected))
	var n tally
	for _, file := range files {
		m := Parse(read(t, dir, file), Limits{})
		checkReply(t, file, m.Text, m.ReplyText)
		n.add(t, file, m, expected[file])
	}
	t.Logf("%+v", n)
	for _, check := range []struct {
		what          string
		got, of, want int // want: per cent
	}{
		{"automatic", n.automatic, n.mails, 100}, {"kind", n.kind, n.mails, 100},
		{"class", n.class, n.recipients, 98}, {"hard", n.hard, n.recipients, 95}, {"reason", n.reason, n.recipients, 85},
	} {
		if check.got*100 < check.want*check.of {
			t.Errorf("%s: %d of %d right, want %d%%", check.what, check.got, check.of, check.want)
		}
	}
}

func (n *tally) add(t *testing.T, file string, m Mail, want []wantedBounce) {
	n.mails++
	if m.Automatic.Kind != None {
		n.automatic++
	}
	if len(m.Returned) > 0 {
		n.identified++
	}
	if kindFits(m.Automatic.Kind, want[0].Reason) {
		n.kind++
	} else {
		t.Logf("%s: kind %s, want one for %s", file, m.Automatic.Kind, want[0].Reason)
	}
	for i, w := range want {
		if w.Status == "" {
			continue
		}
		var got Bounce
		if i < len(m.Bounces) {
			got = m.Bounces[i]
		}
		n.recipients++
		class, hard, reason := strings.HasPrefix(got.Status, w.Status[:2]), got.Hard == w.Hard, got.Reason == theirReasons[w.Reason]
		n.class += count(class)
		n.hard += count(hard)
		n.reason += count(reason)
		if !class || !hard || !reason {
			t.Logf("%s[%d]: %s %v %s, want %s %v %s: %s %.180q", file, i, got.Status, got.Hard, got.Reason, w.Status, w.Hard, w.Reason, got.Recipient, got.Diagnostic)
		}
	}
}

func count(ok bool) int {
	if ok {
		return 1
	}
	return 0
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
