package main

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the load balancer.
const (
	answerWait = 12 * time.Second // Twilio waits 15
	restAfter  = 3 * time.Second  // a gateway that failed gets nothing for so long
)

// balancer stands before the gateways. The webhooks of one sender go to one
// gateway while that works: what a gateway spools it alone can replay.
type balancer struct {
	server   *http.Server
	address  string
	gateways []string
	client   *http.Client
	losing   atomic.Int64 // answers that will not come out
	lost     atomic.Int64
	refused  atomic.Int64 // answers other than 2xx

	mu    sync.Mutex
	until map[string]time.Time
}

func newBalancer(gateways ...string) (*balancer, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{
		address: listener.Addr().String(), gateways: gateways, until: map[string]time.Time{},
		client: &http.Client{Timeout: answerWait, Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	}
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = b.server.Serve(listener) }() // ends by close
	return b, nil
}

func (b *balancer) url() string { return "http://" + b.address }

func (b *balancer) close() { _ = b.server.Close() }

// ServeHTTP implements http.Handler.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	status, err := b.pass(r, body)
	if err != nil {
		status = http.StatusBadGateway
	}
	if status/100 != 2 {
		b.refused.Add(1)
	} else if b.losing.Add(-1) >= 0 {
		b.lost.Add(1)
		panic(http.ErrAbortHandler) // cuts the connection
	}
	w.WriteHeader(status)
}

// pass hands a request to a gateway, and to the next if that does not listen.
func (b *balancer) pass(r *http.Request, body []byte) (int, error) {
	form, _ := url.ParseQuery(string(body))
	h := fnv.New32a()
	_, _ = h.Write([]byte(form.Get("From")))
	err := errors.New("no gateway")
	for n := range b.gateways {
		gateway := b.gateways[(int(h.Sum32()%1024)+n)%len(b.gateways)]
		if n < len(b.gateways)-1 && b.resting(gateway) {
			continue
		}
		request, bad := http.NewRequestWithContext(r.Context(), r.Method, "http://"+gateway+r.URL.RequestURI(), bytes.NewReader(body))
		if bad != nil {
			return 0, bad
		}
		request.Header = r.Header.Clone()
		var response *http.Response
		response, err = b.client.Do(request)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			return response.StatusCode, nil
		}
		b.rest(gateway)
		var dial *net.OpError
		if !errors.As(err, &dial) || dial.Op != "dial" {
			return 0, err // it may have been taken: the provider asks again
		}
	}
	return 0, err
}

func (b *balancer) resting(gateway string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Before(b.until[gateway])
}

func (b *balancer) rest(gateway string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until[gateway] = time.Now().Add(restAfter)
}
