package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spans is a collector: it keeps what is exported to it.
type spans struct {
	mu   sync.Mutex
	all  []span
	text strings.Builder // everything that was exported, to look for what must not be there
}

type span struct{ trace, id, parent, name, instance string }

// ServeHTTP implements http.Handler.
func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var export collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &export)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.WriteString(export.String())
	for _, resource := range export.GetResourceSpans() {
		instance := resource.GetResource().String()
		for _, scope := range resource.GetScopeSpans() {
			for _, found := range scope.GetSpans() {
				s.all = append(s.all, span{
					string(found.GetTraceId()), string(found.GetSpanId()), string(found.GetParentSpanId()), found.GetName(), instance,
				})
			}
		}
	}
}

// A text is one trace from the webhook to Twilio's answer to what we sent,
// though a gateway and a worker had their hands on it.
func TestAMessageIsOneTrace(t *testing.T) {
	t.Parallel()
	s := newPlayed(t, true)
	exported := &spans{}
	server := httptest.NewServer(exported)
	t.Cleanup(server.Close)
	on := []string{"REDRESS_TRACING_ENDPOINT=" + server.URL, "REDRESS_TRACING_SAMPLE=1"}
	s.run("migrate")
	stopGateway := s.start("gateway", on...)
	stopWorker := s.start("worker", append(on, "REDRESS_HTTP_LISTEN="+freeAddress(t))...)
	s.awaitReady()
	phone := s.texter()
	phone.complains("at the fountain")
	stopWorker()
	stopGateway() // and what is left is exported

	exported.mu.Lock()
	defer exported.mu.Unlock()
	traces := map[string]map[string]span{}
	for _, found := range exported.all {
		if traces[found.trace] == nil {
			traces[found.trace] = map[string]span{}
		}
		traces[found.trace][found.name] = found
	}
	whole := 0
	for _, parts := range traces {
		if _, ok := parts["record"]; !ok { // a card, or the provider's later word on a message
			continue
		}
		whole++
		for name, parent := range map[string]string{
			"handle": "accept", "send": "accept", "understand": "handle", "classify": "handle", "record": "handle",
		} {
			if parts[name].parent != parts[parent].id || parts[name].id == "" {
				t.Errorf("%s is not under %s", name, parent)
			}
		}
		if parts["accept"].parent != "" || parts["accept"].instance == parts["handle"].instance {
			t.Error("gateway and worker are not told apart, or the root has a parent")
		}
	}
	if whole != 1 {
		t.Errorf("%d traces of one message among %d spans", whole, len(exported.all))
	}
	for _, secret := range []string{phone.number, "fountain", "leaking"} {
		if strings.Contains(exported.text.String(), secret) {
			t.Errorf("the traces hold %q", secret)
		}
	}
}
