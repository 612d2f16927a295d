package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// TestPreviewAndDiff needs no host: nothing may run. Its connection leads nowhere.
func TestPreviewAndDiff(t *testing.T) {
	command := startPlugin(t).remote()
	file := filepath.Join(t.TempDir(), "ran")
	nowhere := properties{"host": "127.0.0.1", "hostKey": "ssh-ed25519 AAAA", "port": freePort(t), "dialErrorLimit": 0}
	base := properties{
		"connection": nowhere,
		"create":     "touch " + file, "stdin": "one",
	}
	state := sent(t, base.with(properties{"stdout": "before", "stderr": ""}))
	stdinChanged := base.with(properties{"stdin": "two"})
	// The state that the engine keeps is what the plugin answered: with the defaults and the secrets of Check.
	kept := func(t *testing.T) resource.PropertyMap {
		state := received(t, command.check(t, base))
		state["stdout"], state["stderr"] = resource.NewProperty("before"), resource.NewProperty("")
		return state
	}

	t.Run("the preview of a new resource knows its inputs, not its output, and runs nothing", func(t *testing.T) {
		preview := command.previewCreate(t, base)
		if !preview["stdout"].IsComputed() || !preview["stderr"].IsComputed() {
			t.Fatalf("the output must be unknown: %v", preview)
		}
		if preview["stdin"].StringValue() != "one" {
			t.Fatalf("stdin must be known: %v", preview)
		}
	})
	t.Run("inputs that are not known yet stay unknown in a preview", func(t *testing.T) {
		for _, name := range []string{"stdin", "create", "connection", "triggers", "environment", "logging"} {
			preview := command.previewCreate(t, base.with(properties{name: unknown}))
			value := preview[resource.PropertyKey(name)]
			for value.IsSecret() {
				value = value.SecretValue().Element
			}
			if !value.IsComputed() {
				t.Fatalf("%s is %v", name, value)
			}
		}
		preview := command.previewCreate(t, base.with(properties{"connection": nowhere.with(properties{"host": unknown})}))
		if host := preview["connection"].SecretValue().Element.ObjectValue()["host"]; !host.IsComputed() {
			t.Fatalf("the host is %v", host)
		}
	})
	t.Run("the preview of a changed resource does not know its output", func(t *testing.T) {
		preview := command.previewUpdate(t, sent(t, mappable(kept(t))), stdinChanged)
		if !preview["stdout"].IsComputed() || preview["stdin"].StringValue() != "two" {
			t.Fatalf("the preview is %v", preview)
		}
	})
	t.Run("the preview of an update with unknown input does not know its output", func(t *testing.T) {
		preview := command.previewUpdate(t, sent(t, mappable(kept(t))), base.with(properties{"stdin": unknown}))
		if !preview["stdout"].IsComputed() || !preview["stdin"].IsComputed() {
			t.Fatalf("the preview is %v", preview)
		}
	})
	t.Run("the preview of an update without a change knows the last output", func(t *testing.T) {
		preview := command.previewUpdate(t, sent(t, mappable(kept(t))), base)
		if !preview["stdout"].IsString() || preview["stdout"].StringValue() != "before" {
			t.Fatalf("stdout is %v", preview["stdout"])
		}
	})

	t.Run("the same inputs are no change", func(t *testing.T) {
		if answer := command.diff(t, base, base); answer.GetChanges() != pulumirpc.DiffResponse_DIFF_NONE {
			t.Fatalf("%v", answer)
		}
	})
	t.Run("a changed stdin is an update of stdin", func(t *testing.T) {
		mustDiffer(t, command.diff(t, base, stdinChanged), pulumirpc.PropertyDiff_UPDATE, "stdin")
	})
	t.Run("a stdin that is not known yet is an update", func(t *testing.T) {
		mustDiffer(t, command.diff(t, base, base.with(properties{"stdin": unknown})), pulumirpc.PropertyDiff_UPDATE, "stdin")
	})
	t.Run("an added update and a removed stdin are updates", func(t *testing.T) {
		mustDiffer(t, command.diff(t, base, base.with(properties{"update": "true"})), pulumirpc.PropertyDiff_ADD, "update")
		mustDiffer(t, command.diff(t, base.with(properties{"update": "true"}), base), pulumirpc.PropertyDiff_DELETE, "update")
	})
	t.Run("triggers that are added or removed replace", func(t *testing.T) {
		triggered := base.with(properties{"triggers": []any{"a"}})
		mustDiffer(t, command.diff(t, base, triggered), pulumirpc.PropertyDiff_ADD_REPLACE, "triggers")
		mustDiffer(t, command.diff(t, triggered, base), pulumirpc.PropertyDiff_DELETE_REPLACE, "triggers")
	})
	t.Run("a trigger that changes is found, for the engine to replace as the SDK says", func(t *testing.T) {
		first, second := base.with(properties{"triggers": []any{"a", 1.0}}), base.with(properties{"triggers": []any{"b", 1.0}})
		mustDiffer(t, command.diff(t, first, second), pulumirpc.PropertyDiff_UPDATE, "triggers[0]")
	})
	t.Run("a changed connection is an update of the whole of it: it is secret", func(t *testing.T) {
		moved := base.with(properties{"connection": nowhere.with(properties{"host": "127.0.0.2"})})
		mustDiffer(t, command.diff(t, base, moved), pulumirpc.PropertyDiff_UPDATE, "connection")
	})
	t.Run("a refresh returns what it was given", func(t *testing.T) {
		answer, err := command.Read(within(t, command.limit), &pulumirpc.ReadRequest{
			Urn: command.urn, Id: "name1", Properties: state, Inputs: sent(t, base),
		})
		must(t, err)
		if answer.GetId() != "name1" || answer.GetProperties().String() != state.String() {
			t.Fatalf("read: %v", answer)
		}
	})
	if _, err := os.Stat(file); err == nil {
		t.Fatal("a command ran")
	}
}

func mappable(state resource.PropertyMap) properties {
	plain := properties{}
	for key, value := range state {
		plain[string(key)] = value
	}
	return plain
}
