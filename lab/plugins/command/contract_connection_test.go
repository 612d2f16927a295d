package main_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"
)

func TestConnection(t *testing.T) {
	host := startSSHD(t, "")
	plugin := startPlugin(t)
	command := plugin.remote()
	// runs says whether a command ran over a connection that differs from the good one.
	runs := func(t *testing.T, p process, changes properties) (bool, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "ran")
		_, err := p.remote().tryCreate(t, properties{
			"connection": host.connection().with(changes), "create": "touch " + file,
		})
		return exists(file), err
	}
	mustRun := func(t *testing.T, p process, changes properties) {
		t.Helper()
		if ran, err := runs(t, p, changes); err != nil || !ran {
			t.Fatalf("ran: %v, error: %v", ran, err)
		}
	}
	mustNotRun := func(t *testing.T, p process, changes properties, texts ...string) {
		t.Helper()
		ran, err := runs(t, p, changes)
		mustFail(t, err, texts...)
		if ran {
			t.Fatal("the command ran")
		}
	}

	t.Run("the host's own key is accepted", func(t *testing.T) { mustRun(t, plugin, nil) })
	t.Run("another host key is refused and no command runs", func(t *testing.T) {
		folder := t.TempDir()
		newKey(t, filepath.Join(folder, "other"))
		mustNotRun(t, plugin, properties{"hostKey": read(t, filepath.Join(folder, "other.pub"))},
			"after 0 failed attempts", "ssh: host key mismatch")
	})
	t.Run("a host key that can't be read is an error", func(t *testing.T) {
		mustNotRun(t, plugin, properties{"hostKey": "ssh-ed25519 nonsense"}, "failed to parse host key")
	})
	t.Run("a wrong private key is an error after as many logins as dialErrorLimit allows", func(t *testing.T) {
		before := host.failedLogins(t)
		mustNotRun(t, plugin, properties{"privateKey": newKey(t, filepath.Join(t.TempDir(), "other")), "dialErrorLimit": 2},
			"after 2 failed attempts", "ssh: handshake failed: ssh: unable to authenticate")
		eventually(t, "three failed logins", func() bool { return host.failedLogins(t)-before == 3 })
	})
	t.Run("a private key that can't be read is an error that does not show it", func(t *testing.T) {
		mustNotRun(t, plugin, properties{"privateKey": "no key at all"}, "ssh: no key found")
		_, err := runs(t, plugin, properties{"privateKey": "no key at all"})
		if strings.Contains(err.Error(), "no key at all") {
			t.Fatal(err)
		}
	})
	t.Run("a refused port is an error after dialErrorLimit, told while it is tried again", func(t *testing.T) {
		start := time.Now()
		mustNotRun(t, plugin, properties{"port": freePort(t), "dialErrorLimit": 3}, "after 3 failed attempts", "connection refused")
		if took := time.Since(start); took < 400*time.Millisecond || took > 10*time.Second {
			t.Fatalf("took %v: three pauses are 0.475 s", took)
		}
		if lines := plugin.engine.logged("Dial 3/3 failed: retrying"); len(lines) != 1 {
			t.Fatalf("logged: %v", plugin.engine.logged(""))
		}
	})
	t.Run("a host that comes later is reached", func(t *testing.T) {
		port := freePort(t)
		ended := command.creating(t, properties{
			"connection": host.connection().with(properties{"port": port, "dialErrorLimit": -1}), "create": "true",
		})
		time.Sleep(300 * time.Millisecond)
		forward(t, port, host.port)
		must(t, <-ended)
	})
	t.Run("Cancel ends a login that goes on", func(t *testing.T) {
		own := startPlugin(t)
		ended := own.remote().creating(t, properties{
			"connection": host.connection().with(properties{"port": freePort(t), "dialErrorLimit": -1}), "create": "true",
		})
		eventually(t, "a dial has failed", func() bool { return len(own.engine.logged("Dial 1/inf failed")) > 0 })
		_, err := own.Cancel(within(t, command.limit), &emptypb.Empty{})
		must(t, err)
		mustFail(t, <-ended, "context canceled")
	})
	t.Run("an SSH agent is asked for keys, by agentSocketPath and by SSH_AUTH_SOCK", func(t *testing.T) {
		socket := startAgent(t, host.key)
		keyless := properties{"privateKey": nil}
		mustNotRun(t, plugin, keyless, "unable to authenticate")
		mustRun(t, plugin, keyless.with(properties{"agentSocketPath": socket}))
		mustRun(t, startPlugin(t, "SSH_AUTH_SOCK="+socket), keyless)
	})
	t.Run("a stale SSH_AUTH_SOCK is an error even when a key is given", func(t *testing.T) {
		mustNotRun(t, startPlugin(t, "SSH_AUTH_SOCK="+filepath.Join(t.TempDir(), "gone")), nil, "no such file or directory")
	})
	t.Run("a bastion is gone through, and its host key is held against it", func(t *testing.T) {
		bastion := startSSHD(t, "")
		mustRun(t, plugin, properties{"proxy": bastion.connection()})
		if !strings.Contains(read(t, filepath.Join(bastion.folder, "log")), "Accepted publickey") {
			t.Fatal("there was no login on the bastion")
		}
		mustNotRun(t, plugin, properties{"proxy": bastion.connection().with(properties{"hostKey": host.hostKey})},
			"proxy: after 0 failed attempts", "ssh: host key mismatch")
	})
}
