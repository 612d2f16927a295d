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
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.HostKey))
	if err != nil {
		return nil, nil, fmt.Errorf("failed to parse host key: %w", err)
	}
	config = &ssh.ClientConfig{
		User: c.User, Timeout: c.timeout(),
		HostKeyCallback: ssh.FixedHostKey(hostKey), HostKeyAlgorithms: []string{hostKey.Type()},
	}
	if c.PrivateKey != nil {
		signer, err := ssh.ParsePrivateKey([]byte(*c.PrivateKey))
		if err != nil {
			return nil, nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
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
