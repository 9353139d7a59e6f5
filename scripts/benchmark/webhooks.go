package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

// form is the webhook of the nth message, with all that Twilio sends.
func form(run string, n int) url.Values {
	sid := fmt.Sprintf("SM%s%0*d", run, 32-len(run), n)
	return url.Values{
		"ToCountry": {"US"}, "ToState": {"DC"}, "ToCity": {"WASHINGTON"}, "ToZip": {"20001"},
		"FromCountry": {"US"}, "FromState": {"IL"}, "FromCity": {"CHICAGO"}, "FromZip": {"60601"},
		"SmsMessageSid": {sid}, "SmsSid": {sid}, "MessageSid": {sid}, "SmsStatus": {"received"},
		"NumMedia": {"0"}, "NumSegments": {"1"}, "AccountSid": {accountSID}, "ApiVersion": {"2010-04-01"},
		"From": {phone(n)}, "To": {ourNumber}, "Body": {complaint(n)},
	}
}

// shots are signed webhook requests, written out before any clock runs.
func shots(p *product, run string, from, count int) [][]byte {
	list := make([][]byte, count)
	for i := range list {
		list[i] = sign(p, form(run, from+i))
	}
	return list
}

// sign writes out a webhook request with Twilio's signature.
func sign(p *product, f url.Values) []byte {
	const path = "/webhooks/sms/main"
	body := f.Encode()
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"X-Twilio-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, p.address, twilioapi.Sign(authToken, "http://"+p.address+path, f), len(body), body)
}

// client is one keep-alive connection of the provider. net/http would take
// more of the machine than what it measures.
type client struct {
	conn   net.Conn
	reader *bufio.Reader
}

func dial(ctx context.Context, p *product) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReader(conn)}, nil
}

// post sends a request and reads its answer, which must be 200.
func (c *client) post(request []byte) error {
	if _, err := c.conn.Write(request); err != nil {
		return err
	}
	status, err := c.reader.ReadString('\n')
	if err != nil {
		return err
	}
	header, err := textproto.NewReader(c.reader).ReadMIMEHeader()
	if err != nil {
		return err
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return errors.New("the answer tells no length")
	}
	if _, err := io.CopyN(io.Discard, c.reader, int64(length)); err != nil {
		return err
	}
	if len(status) < 12 || status[9:12] != "200" {
		return fmt.Errorf("a webhook was answered with %q", status)
	}
	return nil
}

// fire posts requests by so many clients, each as fast as it is answered, all
// or as many as the limit gives time for, and returns the rate.
func fire(ctx context.Context, p *product, clients int, requests [][]byte, limit time.Duration) (float64, error) {
	var next, answered atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, clients)
	began := time.Now()
	for range clients {
		wg.Go(func() {
			c, err := dial(ctx, p)
			if err != nil {
				errs <- err
				return
			}
			defer func() { _ = c.conn.Close() }()
			for n := next.Add(1) - 1; n < int64(len(requests)) && time.Since(began) < limit; n = next.Add(1) - 1 {
				if err := c.post(requests[n]); err != nil {
					errs <- err
					return
				}
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	close(errs)
	return float64(answered.Load()) / time.Since(began).Seconds(), <-errs
}
