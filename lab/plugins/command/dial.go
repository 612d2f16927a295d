package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// connection is the input of that name, with the defaults of Check already in it.
type connection struct {
	Host               string      `json:"host"`
	Port               float64     `json:"port"`
	User               string      `json:"user"`
	Password           *string     `json:"password"`
	PrivateKey         *string     `json:"privateKey"`
	PrivateKeyPassword *string     `json:"privateKeyPassword"`
	AgentSocketPath    *string     `json:"agentSocketPath"`
	HostKey            *string     `json:"hostKey"`
	DialErrorLimit     *int        `json:"dialErrorLimit"`
	PerDialTimeout     int         `json:"perDialTimeout"` // seconds; 0: no limit
	Proxy              *connection `json:"proxy"`
}

// defaultDialErrorLimit is for a state without one, from before the defaults.
const defaultDialErrorLimit = 10

func (c *connection) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) }

func (c *connection) timeout() time.Duration { return time.Duration(c.PerDialTimeout) * time.Second }

// dial logs in to the host, through its bastion if it has one. A failed dial or login is tried again, up to the
// connection's limit. Closing the client closes what it needed.
func (c *connection) dial(ctx context.Context, log *logger) (*ssh.Client, error) {
	config, err := c.clientConfig()
	if err != nil {
		return nil, err
	}
	if c.Proxy == nil {
		dialer := net.Dialer{Timeout: c.timeout()}
		return dialAgain(ctx, "Dial", c.DialErrorLimit, log, func() (*ssh.Client, error) {
			return login(ctx, dialer.DialContext, c.address(), config)
		})
	}
	bastion, err := (&connection{
		Host: c.Proxy.Host, Port: c.Proxy.Port, User: c.Proxy.User, Password: c.Proxy.Password,
		PrivateKey: c.Proxy.PrivateKey, PrivateKeyPassword: c.Proxy.PrivateKeyPassword,
		AgentSocketPath: c.Proxy.AgentSocketPath, HostKey: c.Proxy.HostKey,
		DialErrorLimit: c.Proxy.DialErrorLimit, PerDialTimeout: c.Proxy.PerDialTimeout,
	}).dial(ctx, log)
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
	ctx context.Context, doing string, limit *int, log *logger, dial func() (*ssh.Client, error),
) (*ssh.Client, error) {
	most, shown := defaultDialErrorLimit, "inf"
	if limit != nil {
		most = *limit
	}
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

// clientConfig says who logs in, with what, and which host key is expected. The order of the methods is the
// order in which the host is offered them.
func (c *connection) clientConfig() (*ssh.ClientConfig, error) {
	config := &ssh.ClientConfig{User: c.User, Timeout: c.timeout(), HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	if c.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*c.HostKey))
		if err != nil {
			return nil, fmt.Errorf("failed to parse host key: %w", err)
		}
		config.HostKeyCallback = ssh.FixedHostKey(key)
		config.HostKeyAlgorithms = []string{key.Type()}
	}
	if c.PrivateKey != nil {
		signer, err := c.signer()
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if c.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*c.Password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, _ []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range questions {
					answers[i] = *c.Password
				}
				return answers, nil
			}))
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if c.AgentSocketPath != nil {
		socket = *c.AgentSocketPath
	}
	if socket != "" {
		agentConnection, err := net.Dial("unix", socket)
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(agentConnection).Signers))
	}
	return config, nil
}

func (c *connection) signer() (ssh.Signer, error) {
	if c.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*c.PrivateKey), []byte(*c.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*c.PrivateKey))
}
