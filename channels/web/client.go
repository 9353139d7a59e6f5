package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client is the network a request came from, as far as trusted proxies tell:
// one IPv4 address, or the /64 that one IPv6 subscriber has.
func (a *Adapter) client(r *http.Request) netip.Prefix {
	var from netip.Addr
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		from = peer.Addr().Unmap()
	}
	// Each proxy appends whom it got the request from. What stands left of the
	// first address that is no proxy of ours was written by the client.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !a.isProxy(from) {
			break
		}
		next, ok := hopAddress(strings.TrimSpace(hop))
		if !ok {
			break
		}
		from = next.Unmap().WithZone("")
	}
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	network, err := from.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // not an IP connection: all share one allowance
	}
	return network
}

// hopAddress reads an entry of X-Forwarded-For. Some proxies add the port.
func hopAddress(hop string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(hop); err == nil {
		return ap.Addr(), true
	}
	addr, err := netip.ParseAddr(hop)
	return addr, err == nil
}

func (a *Adapter) isProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(a.config.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
