package main

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// clientConfig says who logs in, with what, and which host key is expected. The order of the methods is the
// order in which the host is offered them. The release function lets go of the agent, after the login.
func (c *connection) clientConfig() (config *ssh.ClientConfig, release func(), err error) {
	release = func() {}
	config = &ssh.ClientConfig{User: c.User, Timeout: c.timeout(), HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	if c.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*c.HostKey))
		if err != nil {
			return nil, nil, fmt.Errorf("failed to parse host key: %w", err)
		}
		config.HostKeyCallback = ssh.FixedHostKey(key)
		config.HostKeyAlgorithms = []string{key.Type()}
	}
	if c.PrivateKey != nil {
		signer, err := c.signer()
		if err != nil {
			return nil, nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if c.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*c.Password), ssh.KeyboardInteractive(c.answer))
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if c.AgentSocketPath != nil {
		socket = *c.AgentSocketPath
	}
	if socket != "" {
		agentConnection, err := net.Dial("unix", socket)
		if err != nil {
			return nil, nil, err
		}
		release = func() { _ = agentConnection.Close() }
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(agentConnection).Signers))
	}
	return config, release, nil
}

// answer gives the password to every question of a keyboard-interactive login.
func (c *connection) answer(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range questions {
		answers[i] = *c.Password
	}
	return answers, nil
}

func (c *connection) signer() (ssh.Signer, error) {
	if c.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*c.PrivateKey), []byte(*c.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*c.PrivateKey))
}
