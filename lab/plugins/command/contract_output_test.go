package main_test

import (
	"slices"
	"strings"
	"testing"
)

func TestLogAndEnvironment(t *testing.T) {
	host := startSSHD(t, "AcceptEnv LAB_* PULUMI_COMMAND_*")
	strict := startSSHD(t, "")
	plugin := startPlugin(t)
	inputs := properties{"connection": host.connection()}
	away := properties{"connection": strict.connection()}

	logged := func(t *testing.T, logging any) []string {
		t.Helper()
		own := startPlugin(t)
		given := inputs.with(properties{"create": "echo to-out; echo to-err >&2"})
		if logging != nil {
			given["logging"] = logging
		}
		own.remote().create(t, given)
		lines := own.engine.logged("")
		slices.Sort(lines)
		return lines
	}
	for logging, wanted := range map[string][]string{
		"stdout": {"to-out"}, "stderr": {"to-err"}, "stdoutAndStderr": {"to-err", "to-out"}, "none": nil,
	} {
		t.Run("logging "+logging+" shows that and no more", func(t *testing.T) {
			if lines := logged(t, logging); !slices.Equal(lines, wanted) {
				t.Fatalf("logged %q", lines)
			}
		})
	}
	t.Run("without logging set, all output is shown", func(t *testing.T) {
		if lines := logged(t, nil); !slices.Equal(lines, []string{"to-err", "to-out"}) {
			t.Fatalf("logged %q", lines)
		}
	})
	t.Run("a last line without a newline is shown too", func(t *testing.T) {
		own := startPlugin(t)
		own.remote().create(t, inputs.with(properties{"create": "printf 'first\\nlast'"}))
		if lines := own.engine.logged(""); !slices.Equal(lines, []string{"first", "last"}) {
			t.Fatalf("logged %q", lines)
		}
	})
	t.Run("output is shown while the command still runs", func(t *testing.T) {
		own := startPlugin(t)
		ended := own.remote().creating(t, inputs.with(properties{"create": "echo early; cat; sleep 2"}))
		eventually(t, "the first line", func() bool { return len(own.engine.logged("early")) == 1 })
		select {
		case err := <-ended:
			t.Fatalf("ended before: %v", err)
		default:
		}
		must(t, <-ended)
	})
	t.Run("a line longer than 64 KiB is shown and holds nothing up", func(t *testing.T) {
		standInOnly(t, "its log stops at such a line, and the command hangs")
		own := startPlugin(t)
		own.remote().create(t, inputs.with(properties{"create": "head -c 200000 /dev/zero | tr '\\0' x; echo; echo end"}))
		if long, end := own.engine.logged(strings.Repeat("x", 200000)), own.engine.logged("end"); len(long) != 1 || len(end) != 1 {
			t.Fatalf("%d long lines, %d last ones", len(long), len(end))
		}
	})
	t.Run("environment reaches the command where the host accepts it", func(t *testing.T) {
		state := plugin.remote().create(t, inputs.with(properties{
			"create": `echo "$LAB_A"`, "environment": properties{"LAB_A": "two words"},
		}))
		if got := text(t, state, "stdout"); got != "two words" {
			t.Fatalf("stdout is %q", got)
		}
	})
	t.Run("environment that the host refuses is an error that names the variable", func(t *testing.T) {
		_, err := plugin.remote().tryCreate(t, away.with(properties{
			"create": "true", "environment": properties{"LAB_A": "1"},
		}))
		mustFail(t, err, `could not set environment variable "LAB_A"`)
	})
	t.Run("the last output is passed on, unless addPreviousOutputInEnv is false", func(t *testing.T) {
		given := inputs.with(properties{
			"create": "echo one; echo two >&2", "update": `echo "$PULUMI_COMMAND_STDOUT-$PULUMI_COMMAND_STDERR"`,
		})
		state := plugin.remote().create(t, given)
		if got := text(t, plugin.remote().update(t, state, given), "stdout"); got != "one-two" {
			t.Fatalf("stdout is %q", got)
		}
		without := given.with(properties{"addPreviousOutputInEnv": false})
		if got := text(t, plugin.remote().update(t, state, without), "stdout"); got != "-" {
			t.Fatalf("stdout is %q", got)
		}
	})
	t.Run("a host that refuses the last output is a warning, and the command runs", func(t *testing.T) {
		given := away.with(properties{"create": "echo one"})
		state := plugin.remote().update(t, plugin.remote().create(t, given), given)
		if got := text(t, state, "stdout"); got != "one" || !plugin.engine.warned("PULUMI_COMMAND_STDOUT") {
			t.Fatalf("stdout is %q; logged %q", got, plugin.engine.logged(""))
		}
	})
}
