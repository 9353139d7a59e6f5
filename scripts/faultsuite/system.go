package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

// system is a running Redress, two gateways and two workers, with everything
// around it. All of it can be broken.
type system struct {
	folder  string
	program string
	log     func(format string, arguments ...any)

	database *postgres
	commits  *commitCutter
	redis    *redisServer
	disk     *disk
	balancer *balancer
	proxies  map[string]*toxiproxy.Proxy // by what is behind: postgres, redis, imap, smtp, sms, chat

	sms  *twilioapi.Server
	chat *botapi.Server
	mail *mailserver.Server

	gateways, workers []*process
	stopping          atomic.Bool
	watching          sync.WaitGroup
	closers           []func()

	mu   sync.Mutex
	died []string // processes that ended though nobody ended them
}

// process is one redress.
type process struct {
	daemon

	listen string
	clock  string      // file with the nanoseconds by which its clock is off
	meant  atomic.Bool // its end is ours
}

// newSystem starts everything in a folder that is its own. program is a
// redress built with the tag faults.
func newSystem(ctx context.Context, folder, program string, log func(string, ...any)) (*system, error) {
	s := &system{folder: folder, program: program, log: log, proxies: map[string]*toxiproxy.Proxy{}}
	for _, step := range []func(context.Context) error{
		s.startStores, s.startProviders, s.startProxies, s.settle, s.startRedress,
	} {
		if err := step(ctx); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *system) later(f func()) { s.closers = append(s.closers, f) }

// close stops everything, last things first. No fault may be under way.
func (s *system) close() {
	s.stopping.Store(true)
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.watching.Wait()
}

func (s *system) startStores(ctx context.Context) (err error) {
	if s.disk, err = newDisk(filepath.Join(s.folder, "disk")); err != nil {
		return err
	}
	s.later(s.disk.close)
	if s.database, err = newPostgres(s.folder); err != nil {
		return err
	}
	if err = s.database.begin(ctx); err != nil {
		return err
	}
	s.later(func() { s.database.signal(syscall.SIGQUIT, true) })
	if s.redis, err = newRedis(s.folder, "redis"); err != nil {
		return err
	}
	if err = s.redis.begin(ctx); err != nil {
		return err
	}
	s.later(s.redis.kill)
	return nil
}

func (s *system) startProviders(context.Context) (err error) {
	var addresses []string
	for n := range 4 {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		p := s.newProcess([]string{"gateway", "worker"}[n%2], n/2+1, address)
		if n%2 == 0 {
			s.gateways, addresses = append(s.gateways, p), append(addresses, address)
		} else {
			s.workers = append(s.workers, p)
		}
	}
	if s.balancer, err = newBalancer(addresses...); err != nil {
		return err
	}
	s.later(s.balancer.close)
	s.sms, err = twilioapi.Start(twilioapi.Config{
		AccountSID: "AC00000000000000000000000000000001", AuthToken: "0123456789abcdef0123456789abcdef",
		Numbers: []string{cityNumber}, WebhookURL: s.balancer.url() + "/webhooks/sms/main",
	})
	if err != nil {
		return err
	}
	s.later(func() { _ = s.sms.Close() })
	if s.chat, err = botapi.Start(botapi.Config{Token: "7000000001:token-of-the-fault-suite", BotName: "CityBot"}); err != nil {
		return err
	}
	s.later(func() { _ = s.chat.Close() })
	s.mail, err = mailserver.Start(mailserver.Config{
		Complaints: mailserver.Account{Name: "City of Test", Address: cityMailbox, Login: "complaints", Password: "secret"},
		AuthServID: "mx.city.test",
	})
	if err != nil {
		return err
	}
	s.later(func() { _ = s.mail.Close() })
	return nil
}

// startProxies puts toxiproxy before everything that Redress connects to.
func (s *system) startProxies(context.Context) (err error) {
	if s.commits, err = newCommitCutter(s.database.address); err != nil {
		return err
	}
	s.later(s.commits.close)
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	for name, upstream := range map[string]string{
		"postgres": s.commits.listener.Addr().String(), "redis": s.redis.address,
		"imap": s.mail.IMAPAddress(), "smtp": s.mail.SMTPAddress(),
		"sms": s.sms.URL()[len("http://"):], "chat": s.chat.URL()[len("http://"):],
	} {
		proxy := toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)
		if err := proxy.Start(); err != nil {
			return fmt.Errorf("starting the proxy of %s: %w", name, err)
		}
		s.proxies[name] = proxy
		s.later(proxy.Stop)
	}
	return nil
}

func (s *system) newProcess(role string, number int, listen string) *process {
	name := role + "-" + strconv.Itoa(number)
	p := &process{listen: listen, clock: filepath.Join(s.folder, name+".clock")}
	p.daemon = daemon{name: name, log: filepath.Join(s.folder, name+".log"), command: func() *exec.Cmd {
		c := exec.Command(s.program, role, "--config", filepath.Join(s.folder, name+".yaml"))
		c.Env = append(os.Environ(), "REDRESS_FAULTS_CLOCK="+p.clock)
		return c
	}}
	return p
}

// settle writes the settings and prepares the database.
func (s *system) settle(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(s.folder, "organisation.yaml"), []byte(organisation), 0o600); err != nil {
		return err
	}
	for _, p := range s.processes() {
		if err := os.WriteFile(filepath.Join(s.folder, p.name+".yaml"), []byte(s.settingsOf(p)), 0o600); err != nil {
			return err
		}
	}
	config := filepath.Join(s.folder, s.workers[0].name+".yaml")
	for _, arguments := range [][]string{
		{"migrate", "--config", config},
		{"org", "apply", "--config", config, filepath.Join(s.folder, "organisation.yaml")},
	} {
		if out, err := exec.CommandContext(ctx, s.program, arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("redress %s: %w\n%s", arguments[0], err, out)
		}
	}
	return nil
}

func (s *system) settingsOf(p *process) string {
	return fmt.Sprintf(`data_dir: %q
database: {url: %q}
redis: {url: "redis://%s/0"}
http: {listen: %q, public_url: %q}
organisation: {file: %q}
limits: {message_bytes: 65536, spool_bytes: 262144}
channels:
  email:
    - name: complaints
      imap: {address: %q, tls: none, username: complaints, password: secret, poll_interval: 5s, after: seen}
      smtp: {address: %q, tls: none}
      from: City of Test <%s>
      auth_serv_ids: [mx.city.test]
  sms:
    - {name: main, provider: twilio, account_sid: %q, auth_token: %q, api_base_url: "http://%s", numbers: [%q], segments_per_second: 500}
  telegram:
    - {name: city, token: %q, api_base_url: "http://%s", mode: poll, audience: complainants}
`, filepath.Join(s.disk.folder, p.name), s.database.url(s.proxies["postgres"].Listen), s.proxies["redis"].Listen,
		p.listen, s.balancer.url(), filepath.Join(s.folder, "organisation.yaml"),
		s.proxies["imap"].Listen, s.proxies["smtp"].Listen, cityMailbox,
		s.sms.AccountSID(), s.sms.AuthToken(), s.proxies["sms"].Listen, cityNumber,
		s.chat.Token(), s.proxies["chat"].Listen)
}

func (s *system) startRedress(ctx context.Context) error {
	for _, p := range s.processes() {
		if err := s.begin(p); err != nil {
			return err
		}
		s.later(func() { p.meant.Store(true); p.kill() })
	}
	for _, p := range s.processes() {
		if err := s.awaitReady(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) processes() []*process {
	return append(append([]*process(nil), s.gateways...), s.workers...)
}

// begin starts a process, and starts it again when it ends by itself, as
// systemd would.
func (s *system) begin(p *process) error {
	if s.stopping.Load() {
		return nil
	}
	p.meant.Store(false)
	if err := p.start(); err != nil {
		return err
	}
	ended := p.dead()
	s.watching.Go(func() {
		<-ended
		if p.meant.Load() || s.stopping.Load() {
			return
		}
		s.mu.Lock()
		s.died = append(s.died, p.name)
		s.mu.Unlock()
		s.log("%s ended by itself:\n%s", p.name, lastLines(p.log, 5))
		time.Sleep(time.Second)
		if !s.stopping.Load() {
			_ = s.begin(p)
		}
	})
	return nil
}

// end ends a process by a signal and waits for it.
func (s *system) end(p *process, by syscall.Signal) {
	p.meant.Store(true)
	p.signal(by, true)
}

func (s *system) awaitReady(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	for !s.ready(ctx, p) {
		if rest(ctx, 100*time.Millisecond) != nil {
			return fmt.Errorf("%s does not get ready; its log:\n%s", p.name, lastLines(p.log, 20))
		}
	}
	return nil
}

func (s *system) ready(ctx context.Context, p *process) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.listen+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// setClock puts the clock of a process off.
func (s *system) setClock(p *process, by time.Duration) error {
	next := p.clock + ".next"
	return errors.Join(os.WriteFile(next, []byte(strconv.FormatInt(int64(by), 10)), 0o600), os.Rename(next, p.clock))
}
