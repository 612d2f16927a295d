package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/emptypb"
)

func TestLocalCommand(t *testing.T) {
	plugin := startPlugin(t, "LAB_INHERITED=yes")
	command := plugin.local()

	t.Run("create, update and delete each run once, in dir", func(t *testing.T) {
		folder := t.TempDir()
		inputs := properties{
			"create": "echo created >>ledger; pwd", "update": "echo updated >>ledger",
			"delete": "echo deleted >>ledger", "dir": folder,
		}
		state := command.create(t, inputs)
		if got := text(t, state, "stdout"); got != folder {
			t.Fatalf("ran in %q", got)
		}
		must(t, command.remove(t, command.update(t, state, inputs.with(properties{"stdin": "x"}))))
		if got := read(t, filepath.Join(folder, "ledger")); got != "created\nupdated\ndeleted\n" {
			t.Fatalf("ran: %q", got)
		}
	})
	t.Run("without update, a change runs create again; without any command nothing runs", func(t *testing.T) {
		inputs := properties{"create": "cat", "stdin": "one"}
		state := command.update(t, command.create(t, inputs), inputs.with(properties{"stdin": "two\nthree"}))
		if got := text(t, state, "stdout"); got != "two\nthree" {
			t.Fatalf("stdout is %q", got)
		}
		empty := command.create(t, properties{})
		must(t, command.remove(t, command.update(t, empty, properties{"triggers": []any{"a"}})))
	})
	t.Run("it inherits the plugin's environment, has its own, and the last output", func(t *testing.T) {
		inputs := properties{
			"create":      `echo "$LAB_INHERITED $LAB_OWN $PULUMI_COMMAND_STDOUT"`,
			"environment": properties{"LAB_OWN": "own"},
		}
		state := command.update(t, command.create(t, inputs), inputs)
		if got := text(t, state, "stdout"); got != "yes own yes own " {
			t.Fatalf("stdout is %q", got)
		}
		state = command.update(t, state, inputs.with(properties{"addPreviousOutputInEnv": false}))
		if got := text(t, state, "stdout"); got != "yes own " {
			t.Fatalf("stdout is %q", got)
		}
	})
	t.Run("another interpreter gets the command as its last argument", func(t *testing.T) {
		state := command.create(t, properties{"create": "a  b", "interpreter": []any{"printf", "<%s>"}})
		if got := text(t, state, "stdout"); got != "<a  b>" {
			t.Fatalf("stdout is %q", got)
		}
	})
	t.Run("an exit code other than 0 is an error that holds the code, the command and all output", func(t *testing.T) {
		_, err := command.tryCreate(t, properties{"create": "echo seen; echo bad >&2; exit 3"})
		mustFail(t, err, "exit status 3", `running "echo seen; echo bad >&2; exit 3":`, "seen\n", "bad\n")
	})
	t.Run("a dir that is not there is an error", func(t *testing.T) {
		_, err := command.tryCreate(t, properties{"create": "true", "dir": filepath.Join(t.TempDir(), "gone")})
		mustFail(t, err, "no such file or directory")
	})
	t.Run("logging none shows nothing, and stdout alone that", func(t *testing.T) {
		own := startPlugin(t)
		own.local().create(t, properties{"create": "echo out; echo err >&2", "logging": "none"})
		if lines := own.engine.logged(""); len(lines) > 0 {
			t.Fatalf("logged %q", lines)
		}
		own.local().create(t, properties{"create": "echo out; echo err >&2", "logging": "stdout"})
		if lines := own.engine.logged(""); len(lines) != 1 || lines[0] != "out" {
			t.Fatalf("logged %q", lines)
		}
	})
	t.Run("a preview runs nothing", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "ran")
		preview := command.previewCreate(t, properties{"create": "touch " + file, "stdin": unknown})
		if !preview["stdout"].IsComputed() || exists(file) {
			t.Fatalf("ran: %v, preview: %v", exists(file), preview)
		}
	})
	t.Run("Cancel ends a running command", func(t *testing.T) {
		own := startPlugin(t)
		file := filepath.Join(t.TempDir(), "pid")
		ended := own.local().creating(t, properties{"create": "echo $$ >" + file + "; exec sleep 600"})
		eventually(t, "the command runs", func() bool { return exists(file) && read(t, file) != "" })
		_, err := own.Cancel(within(t, command.limit), &emptypb.Empty{})
		must(t, err)
		mustFail(t, <-ended)
		if _, err := os.Stat("/proc/self"); err == nil {
			eventually(t, "the command is gone", func() bool { return !exists("/proc/" + strings.TrimSpace(read(t, file))) })
		}
	})
}
