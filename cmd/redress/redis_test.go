package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/scripts/testenv"
)

// redisNode is one server of several.
type redisNode struct {
	address string
	command *exec.Cmd
}

func startNode(t *testing.T, address string, arguments ...string) *redisNode {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	must(t, err)
	all := append([]string{"--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, arguments...)
	return runNode(t, address, exec.Command("redis-server", all...))
}

func runNode(t *testing.T, address string, command *exec.Cmd) *redisNode {
	t.Helper()
	n := &redisNode{address, command}
	must(t, n.command.Start())
	t.Cleanup(n.kill)
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	until(t, "an answer of a Redis", func(ctx context.Context) error { return client.Ping(ctx).Err() })
	return n
}

// kill is kill -9.
func (n *redisNode) kill() {
	_ = n.command.Process.Kill()
	_ = n.command.Wait()
}

// nodeAddress is one whose port leaves room for the cluster's own, 10,000 above.
func nodeAddress(t *testing.T) string {
	t.Helper()
	for port := 21000 + os.Getpid()%1000; port < 32000; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if one, err := net.Listen("tcp", address); err == nil {
			_ = one.Close()
			if bus, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+10000)); err == nil {
				_ = bus.Close()
				return address
			}
		}
	}
	t.Fatal("no free port")
	return ""
}

// until waits for something outside of Redress.
func until(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// withRedis makes a list of addresses the world's Redis.
func (s *played) withRedis(urls ...string) {
	s.t.Helper()
	s.rewrite(fmt.Sprintf("redis: {url: %q}", "redis://"+s.redis.address+"/0"), `redis: {url: ["`+strings.Join(urls, `", "`)+`"]}`)
	s.redis.stop() // nothing may go there
}

// outliveMaster writes complaints before, while and after the master dies.
func (s *played) outliveMaster(kill func()) {
	s.t.Helper()
	s.open()
	var phones []*texter
	burst := func() {
		for range 40 {
			phone := s.texter()
			phone.say("Water is leaking in Ward 4")
			phones = append(phones, phone)
		}
	}
	all := func() {
		s.eventually("all acknowledged", func() error {
			if n := s.acknowledged(phones); n < len(phones) {
				return fmt.Errorf("%d of %d", n, len(phones))
			}
			return nil
		})
	}
	burst()
	all()
	burst()
	kill()
	burst()
	all()
	s.awaitReady()
	burst()
	all()
	s.awaitHandled()
	s.atLast("nothing left to send", func() error { return s.unsent(cases.ToComplainant, "pending", "retry", "attempting", "uncertain") })
	s.onceEach(phones)
}

// Three masters with a replica each; one master dies.
func TestRedisCluster(t *testing.T) {
	t.Parallel()
	testenv.Need(t, testenv.Redis)
	var nodes []*redisNode
	var addresses, urls []string
	for range 6 {
		node := startNode(t, nodeAddress(t), "--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0")
		nodes, addresses, urls = append(nodes, node), append(addresses, node.address), append(urls, "redis://"+node.address)
	}
	create := exec.Command("redis-cli", "--cluster", "create")
	create.Args = append(append(create.Args, addresses...), "--cluster-replicas", "1", "--cluster-yes")
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	until(t, "a replica in step with each master", func(ctx context.Context) error {
		for _, address := range addresses {
			if role(ctx, t, address) == "master" && !inStep(ctx, address) {
				return fmt.Errorf("%s has none", address)
			}
		}
		return nil
	})
	s := newPlayed(t, true)
	s.withRedis(urls...)
	s.outliveMaster(func() {
		for _, node := range nodes {
			if role(t.Context(), t, node.address) == "master" {
				node.kill()
				return
			}
		}
		t.Fatal("no master")
	})
}

// A master with a replica and three sentinels; the master dies.
func TestRedisSentinels(t *testing.T) {
	t.Parallel()
	testenv.Need(t, testenv.Redis)
	master := startNode(t, nodeAddress(t))
	host, port, _ := net.SplitHostPort(master.address)
	replica := startNode(t, nodeAddress(t), "--replicaof", host+" "+port, "--repl-diskless-sync-delay", "0")
	var urls []string
	for range 3 {
		address := nodeAddress(t)
		_, own, _ := net.SplitHostPort(address)
		config := filepath.Join(t.TempDir(), "sentinel.conf")
		must(t, os.WriteFile(config, fmt.Appendf(nil, "bind 127.0.0.1\nport %s\ndir %s\nsentinel monitor city %s %s 2\n"+
			"sentinel down-after-milliseconds city 1000\nsentinel failover-timeout city 5000\n", own, t.TempDir(), host, port), 0o600))
		runNode(t, address, exec.Command("redis-server", config, "--sentinel"))
		urls = append(urls, "redis://"+address)
	}
	urls[0] += "?master_name=city"
	until(t, "the sentinels to know each other and the replica", func(ctx context.Context) error {
		for _, url := range urls {
			options, err := redis.ParseURL(strings.TrimSuffix(url, "?master_name=city"))
			must(t, err)
			client := redis.NewSentinelClient(options)
			known, err := client.Master(ctx, "city").Result()
			_ = client.Close()
			if err != nil || known["num-slaves"] != "1" || known["num-other-sentinels"] != "2" {
				return fmt.Errorf("%v, %w", known, err)
			}
		}
		if !inStep(ctx, master.address) {
			return errors.New("the replica is not in step")
		}
		return nil
	})
	s := newPlayed(t, true)
	s.withRedis(urls...)
	s.outliveMaster(master.kill)
	if got := role(t.Context(), t, replica.address); got != "master" {
		t.Errorf("the replica is %s in the end", got)
	}
}

// inStep reports whether a master has a replica that may take its place.
func inStep(ctx context.Context, address string) bool {
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	info, err := client.Info(ctx, "replication").Result()
	return err == nil && strings.Contains(info, "state=online")
}

// role is master or slave.
func role(ctx context.Context, t *testing.T, address string) string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	answer, err := client.Do(ctx, "ROLE").Slice()
	must(t, err)
	name, _ := answer[0].(string)
	return name
}
