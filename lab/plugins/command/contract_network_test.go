package main_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// forward lets a port lead to another one, from now on.
func forward(t *testing.T, from, to int) {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: from})
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: to})
			if err != nil {
				return
			}
			go func() { _, _ = out.ReadFrom(in) }()
			go func() { _, _ = in.(*net.TCPConn).ReadFrom(out) }()
		}
	}()
}

// startAgent serves an SSH agent that has one key, and returns its socket.
func startAgent(t *testing.T, privateKey string) string {
	t.Helper()
	key, err := ssh.ParseRawPrivateKey([]byte(privateKey))
	must(t, err)
	keys := agent.NewKeyring()
	must(t, keys.Add(agent.AddedKey{PrivateKey: key}))
	folder, err := os.MkdirTemp("", "agent") // short: a socket's path has at most 107 bytes
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	listener, err := net.Listen("unix", filepath.Join(folder, "socket"))
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, connection) }()
		}
	}()
	return filepath.Join(folder, "socket")
}
