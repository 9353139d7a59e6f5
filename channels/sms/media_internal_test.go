package sms

import (
	"net/netip"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"54.172.60.1": true, "2600:1f18::1": true, "::ffff:54.172.60.1": true,
		"127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false,
		"10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "::ffff:192.168.1.1": false,
		"100.64.0.1": false, "198.18.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "224.0.0.1": false,
		"169.254.169.254": false, // the metadata service of clouds
		"0.0.0.0":         false, "::": false, "fe80::1": false, "fe80::1%eth0": false, "fd00::1": false, "fec0::1": false, "ff02::1": false,
		"64:ff9b::a00:1": false, "64:ff9b:1::a00:1": false, "2001::1": false, "2002:a00:1::": false,
	} {
		if got := isPublic(netip.MustParseAddr(text), false); got != want {
			t.Errorf("%s: public %v", text, got)
		}
	}
}
