package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/emptypb"
)

func TestRemoteCommand(t *testing.T) {
	host := startSSHD(t, "")
	plugin := startPlugin(t)
	command := plugin.remote()
	base := properties{"connection": host.connection()}
	ledger := func(t *testing.T) string { return filepath.Join(t.TempDir(), "ledger") }
	lifecycle := func(file string) properties {
		return base.with(properties{
			"create": "echo created | tee -a " + file, "update": "echo updated | tee -a " + file,
		})
	}

	t.Run("create and update each run once, in that order, and removing runs nothing", func(t *testing.T) {
		file := ledger(t)
		state := command.create(t, lifecycle(file))
		if got := text(t, state, "stdout"); got != "created" {
			t.Fatalf("stdout is %q", got)
		}
		state = command.update(t, state, lifecycle(file).with(properties{"stdin": "new"}))
		if got := text(t, state, "stdout"); got != "updated" {
			t.Fatalf("stdout is %q", got)
		}
		must(t, command.remove(t, state))
		if got := read(t, file); got != "created\nupdated\n" {
			t.Fatalf("ran: %q", got)
		}
	})
	t.Run("without update, a change runs create again", func(t *testing.T) {
		file := ledger(t)
		inputs := base.with(properties{"create": "cat >>" + file, "stdin": "one "})
		command.update(t, command.create(t, inputs), inputs.with(properties{"stdin": "two "}))
		if got := read(t, file); got != "one two " {
			t.Fatalf("ran: %q", got)
		}
	})
	t.Run("without create there is no connection", func(t *testing.T) {
		away := properties{"connection": host.connection().with(properties{"port": freePort(t)})}
		state := command.create(t, away)
		if got := text(t, state, "stdout") + text(t, state, "stderr"); got != "" {
			t.Fatalf("output is %q", got)
		}
		must(t, command.remove(t, state))
	})
	t.Run("a script of many lines comes whole through stdin and keeps its quotes", func(t *testing.T) {
		script := "set -eu\nx='a  \"b\"'\nf() {\n  printf '%s\\n' \"$x\"\n}\n" +
			strings.Repeat("# padding, so that it is longer than one packet\n", 5000) + "f\nf\n"
		state := command.create(t, base.with(properties{"create": "bash -s", "stdin": script}))
		if got := text(t, state, "stdout"); got != "a  \"b\"\na  \"b\"" {
			t.Fatalf("stdout is %q", got)
		}
	})
	t.Run("a command that does not read a short stdin ends all the same", func(t *testing.T) {
		command.create(t, base.with(properties{"create": "sleep 0.3", "stdin": strings.Repeat("x", 60000)}))
	})
	t.Run("a command that ends with megabytes of stdin unread is an error", func(t *testing.T) {
		_, err := command.tryCreate(t, base.with(properties{"create": "true", "stdin": strings.Repeat("x", 4<<20)}))
		mustFail(t, err, `EOF: running "true"`)
	})
	t.Run("standard output and error are kept apart, each less one last newline", func(t *testing.T) {
		state := command.create(t, base.with(properties{"create": "printf 'out\\n\\n'; printf 'err\\n' >&2"}))
		if out, err := text(t, state, "stdout"), text(t, state, "stderr"); out != "out\n" || err != "err" {
			t.Fatalf("stdout %q, stderr %q", out, err)
		}
	})
	t.Run("a long output comes whole", func(t *testing.T) {
		state := command.create(t, base.with(properties{"create": "seq 1 200000"}))
		if got := text(t, state, "stdout"); len(got) != 1288894 || !strings.HasSuffix(got, "\n200000") {
			t.Fatalf("%d bytes", len(got))
		}
	})
	t.Run("an exit code other than 0 is an error that holds the code, the command and all output", func(t *testing.T) {
		_, err := command.tryCreate(t, base.with(properties{"create": "echo seen; echo 'no such disk' >&2; exit 3"}))
		mustFail(t, err, "Process exited with status 3", `running "echo seen; echo 'no such disk' >&2; exit 3":`,
			"seen\n", "no such disk")
	})
	t.Run("the error of a script does not show its stdin", func(t *testing.T) {
		_, err := command.tryCreate(t, base.with(properties{"create": "bash -s", "stdin": "false || exit 4 # hush"}))
		mustFail(t, err, "Process exited with status 4", `running "bash -s"`)
		if strings.Contains(err.Error(), "hush") {
			t.Fatalf("the error shows stdin: %v", err)
		}
	})
	t.Run("a command that a signal ends is an error that names the signal", func(t *testing.T) {
		_, err := command.tryCreate(t, base.with(properties{"create": "kill -KILL $$"}))
		mustFail(t, err, "Process exited with status 137 from signal KILL")
	})
	t.Run("a failing update is an error too", func(t *testing.T) {
		inputs := base.with(properties{"update": "exit 6"})
		state := command.create(t, inputs)
		_, err := command.tryUpdate(t, state, inputs, false)
		mustFail(t, err, "Process exited with status 6")
	})
	t.Run("two commands run side by side", func(t *testing.T) {
		folder := t.TempDir()
		meet := func(mine, other string) properties {
			return base.with(properties{"create": "cd " + folder + "; touch " + mine +
				"; for i in $(seq 100); do test -e " + other + " && exit 0; sleep 0.1; done; exit 1"})
		}
		first := command.creating(t, meet("a", "b"))
		command.create(t, meet("b", "a"))
		must(t, <-first)
	})
	t.Run("Cancel ends a running command and closes its connection", func(t *testing.T) {
		builtOnly(t, "Cancel ends its dials alone; a command on a host runs on until it ends by itself")
		own := startPlugin(t)
		file := ledger(t)
		ended := own.remote().creating(t, base.with(properties{"create": "echo $PPID >" + file + "; exec sleep 600"}))
		eventually(t, "the command runs", func() bool { return exists(file) && read(t, file) != "" })
		_, err := own.Cancel(within(t, command.limit), &emptypb.Empty{})
		must(t, err)
		mustFail(t, <-ended, "context canceled")
		session := "/proc/" + strings.TrimSpace(read(t, file))
		if _, err := os.Stat("/proc/self"); err == nil {
			eventually(t, "the host's side of the connection ends", func() bool { return !exists(session) })
		}
	})
}
