package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
)

// connection is the input of that name, with the defaults of Check already in it.
type connection struct {
	Host            string      `json:"host"`
	Port            float64     `json:"port"`
	User            string      `json:"user"`
	PrivateKey      *string     `json:"privateKey"`
	AgentSocketPath *string     `json:"agentSocketPath"`
	HostKey         string      `json:"hostKey"`
	DialErrorLimit  float64     `json:"dialErrorLimit"`
	PerDialTimeout  float64     `json:"perDialTimeout"` // seconds; 0: no limit
	Proxy           *connection `json:"proxy"`
}

func (c *connection) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) }

func (c *connection) timeout() time.Duration {
	return time.Duration(int(c.PerDialTimeout)) * time.Second
}

// dial logs in to the host, through its bastion if it has one. A failed dial or login is tried again, up to the
// connection's limit. Closing the client closes what it needed.
func (c *connection) dial(ctx context.Context, log *logger) (*ssh.Client, error) {
	config, release, err := c.clientConfig()
	if err != nil {
		return nil, err
	}
	defer release()
	if c.Proxy == nil {
		dialer := net.Dialer{Timeout: c.timeout()}
		return dialAgain(ctx, "Dial", c.DialErrorLimit, log, func() (*ssh.Client, error) {
			return login(ctx, dialer.DialContext, c.address(), config)
		})
	}
	bastion, err := c.Proxy.dial(ctx, log)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	client, err := dialAgain(ctx, "Dial from proxy", c.DialErrorLimit, log, func() (*ssh.Client, error) {
		return login(ctx, bastion.DialContext, c.address(), config)
	})
	if err != nil {
		_ = bastion.Close()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	go func() {
		_ = client.Wait()
		_ = bastion.Close()
	}()
	return client, nil
}

// login makes the TCP connection and the SSH one over it; both end when ctx does.
func login(
	ctx context.Context, dial func(context.Context, string, string) (net.Conn, error),
	address string, config *ssh.ClientConfig,
) (*ssh.Client, error) {
	transport, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = transport.Close() })
	defer stop()
	client, channels, requests, err := ssh.NewClientConn(transport, address, config)
	if err != nil {
		_ = transport.Close()
		return nil, err
	}
	return ssh.NewClient(client, channels, requests), nil
}

// dialAgain repeats a failing dial with growing pauses: 0.1 s, half as long again each time, 5 s at most.
func dialAgain(
	ctx context.Context, doing string, limit float64, log *logger, dial func() (*ssh.Client, error),
) (*ssh.Client, error) {
	most, shown := int(limit), "inf"
	if most >= 0 {
		shown = strconv.Itoa(most)
	}
	var client *ssh.Client
	done, _, err := retry.Until(ctx, retry.Acceptor{Accept: func(try int, _ time.Duration) (bool, any, error) {
		var err error
		if client, err = dial(); err == nil {
			return true, nil, nil
		}
		if ctx.Err() != nil {
			return false, nil, ctx.Err()
		}
		if most >= 0 && try+1 > most {
			return false, nil, fmt.Errorf("after %d failed attempts: %w", try, err)
		}
		log.status(fmt.Sprintf("%s %d/%s failed: retrying", doing, try+1, shown))
		return false, nil, nil
	}})
	if err == nil && !done {
		err = ctx.Err()
	}
	return client, err
}
