package main_test

import "testing"

func TestEnvironment(t *testing.T) {
	host := startSSHD(t, "AcceptEnv LAB_*")
	strict := startSSHD(t, "")
	plugin := startPlugin(t)
	inputs := properties{"connection": host.connection()}
	away := properties{"connection": strict.connection()}

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
}
