package main_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sshd is a real OpenSSH server on a loopback port, for the user who runs the test.
type sshd struct {
	folder  string
	port    int
	user    string
	key     string // the private key that it lets in
	hostKey string // its public key, "ssh-ed25519 AAAA…"
}

func startSSHD(t *testing.T, acceptEnv string) sshd {
	t.Helper()
	program, err := exec.LookPath("sshd")
	if err != nil {
		if program = "/usr/sbin/sshd"; !exists(program) {
			t.Fatal("sshd is missing: install openssh-server")
		}
	}
	folder := t.TempDir()
	if os.Geteuid() == 0 { // where sshd puts its unprivileged half, when it starts as root
		must(t, os.MkdirAll("/run/sshd", 0o755))
	}
	current, err := user.Current()
	must(t, err)
	server := sshd{folder: folder, port: freePort(t), user: current.Username}
	server.key = newKey(t, filepath.Join(folder, "key"))
	newKey(t, filepath.Join(folder, "host"))
	public := strings.Fields(read(t, filepath.Join(folder, "host.pub")))
	server.hostKey = public[0] + " " + public[1]
	config := fmt.Sprintf("ListenAddress 127.0.0.1:%d\nHostKey %s/host\nAuthorizedKeysFile %s/key.pub\n"+
		"PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"+
		"LogLevel VERBOSE\nMaxAuthTries 20\n%s\n", server.port, folder, folder, acceptEnv)
	must(t, os.WriteFile(filepath.Join(folder, "config"), []byte(config), 0o600))
	command := exec.Command(program, "-D", "-f", filepath.Join(folder, "config"), "-E", filepath.Join(folder, "log"))
	must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			log := read(t, filepath.Join(folder, "log"))
			t.Logf("the end of sshd's log:\n%s", log[max(0, len(log)-2000):])
		}
	})
	eventually(t, "sshd listens", func() bool {
		connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", server.port))
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	})
	return server
}

// connection is how to reach the server, with its own host key; one failed dial is the last one.
func (s sshd) connection() properties {
	return properties{
		"host": "127.0.0.1", "port": s.port, "user": s.user,
		"privateKey": s.key, "hostKey": s.hostKey, "dialErrorLimit": 0,
	}
}

// logins counts the log's lines about tries to log in that failed.
func (s sshd) failedLogins(t *testing.T) int {
	t.Helper()
	return strings.Count(read(t, filepath.Join(s.folder, "log")), "Failed publickey")
}

// newKey makes a key pair and returns the private one.
func newKey(t *testing.T, path string) string {
	t.Helper()
	var problem bytes.Buffer
	command := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path)
	command.Stderr = &problem
	if err := command.Run(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, problem.String())
	}
	return read(t, path)
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}
