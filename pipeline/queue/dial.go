package queue

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Each partition of each topic that this process reads blocks one connection;
// they are opened as needed.
const poolSize = 256

// Dial makes a client for one server (redis:// or rediss:// URL), for a Cluster
// (several URLs or host:port addresses) or for Sentinels (the same, with
// ?master_name= in the first URL). It does not connect yet, so that intake
// starts while Redis is away. Errors never hold an address's password.
func Dial(addresses []string) (redis.UniversalClient, error) {
	if len(addresses) == 0 {
		return nil, errors.New("redis: no address")
	}
	options, err := parse(addresses[0])
	if err != nil {
		return nil, fmt.Errorf("redis: address 1: %w", err)
	}
	for i, address := range addresses[1:] {
		more, err := parse(address)
		if err != nil {
			return nil, fmt.Errorf("redis: address %d: %w", i+2, err)
		}
		options.Addrs = append(options.Addrs, more.Addrs...)
	}
	return redis.NewUniversalClient(options), nil
}

func parse(address string) (*redis.UniversalOptions, error) {
	if !strings.Contains(address, "://") {
		address = "redis://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("not a URL or host:port")
	}
	query := u.Query()
	master := query.Get("master_name")
	query.Del("master_name")
	u.RawQuery = query.Encode()
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, errors.New("not a redis:// or rediss:// URL with known options")
	}
	return &redis.UniversalOptions{
		Addrs: []string{o.Addr}, MasterName: master, DB: o.DB,
		Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
		PoolSize: poolSize, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}, nil
}
