package main_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestCheckAndSecrets(t *testing.T) {
	host := startSSHD(t, "")
	plugin := startPlugin(t)
	command := plugin.remote()
	connection := func(t *testing.T, wire resource.PropertyMap) resource.PropertyMap {
		t.Helper()
		if !wire["connection"].IsSecret() {
			t.Fatalf("the connection is not secret: %v", wire)
		}
		return wire["connection"].SecretValue().Element.ObjectValue()
	}

	t.Run("a connection gets its defaults, for a bastion too", func(t *testing.T) {
		checked := received(t, command.check(t, properties{
			"connection": properties{"host": "example", "proxy": properties{"host": "bastion"}},
		}))
		whole := connection(t, checked)
		for _, part := range []resource.PropertyMap{whole, whole["proxy"].ObjectValue()} {
			if part["user"].StringValue() != "root" || part["port"].NumberValue() != 22 ||
				part["dialErrorLimit"].NumberValue() != 10 || part["perDialTimeout"].NumberValue() != 15 {
				t.Fatalf("the connection is %v", part)
			}
		}
	})
	t.Run("a dialErrorLimit and a perDialTimeout of 0 are kept", func(t *testing.T) {
		part := connection(t, received(t, command.check(t, properties{
			"connection": properties{"host": "example", "dialErrorLimit": 0, "perDialTimeout": 0},
		})))
		if part["dialErrorLimit"].NumberValue() != 0 || part["perDialTimeout"].NumberValue() != 0 {
			t.Fatalf("the connection is %v", part)
		}
	})
	t.Run("the keys and passwords of a connection are secret in themselves", func(t *testing.T) {
		names := []resource.PropertyKey{"password", "privateKey", "privateKeyPassword"}
		given := properties{"host": "example"}
		for _, name := range names {
			given[string(name)] = "swordfish"
		}
		part := connection(t, received(t, command.check(t, properties{"connection": given})))
		for _, name := range names {
			if !part[name].IsSecret() {
				t.Fatalf("%s is %v", name, part[name])
			}
		}
	})
	t.Run("a missing connection, a missing host and an unknown property are refused by name", func(t *testing.T) {
		for property, inputs := range map[string]properties{
			"connection": {"create": "true"},
			"host":       {"connection": properties{"user": "root"}},
			"craete":     {"connection": properties{"host": "example"}, "craete": "true"},
			"stdin":      {"connection": properties{"host": "example"}, "stdin": 1},
		} {
			failures := command.checked(t, inputs).GetFailures()
			if len(failures) != 1 || !strings.Contains(failures[0].GetProperty()+failures[0].GetReason(), property) {
				t.Fatalf("%s: %v", property, failures)
			}
		}
	})
	t.Run("a secret stdin is secret in the state; what it makes a command write is not", func(t *testing.T) {
		state := received(t, command.create(t, properties{
			"connection": host.connection(), "create": "cat", "stdin": secret("swordfish"), "logging": "none",
		}))
		if !state["stdin"].IsSecret() || state["stdin"].SecretValue().Element.StringValue() != "swordfish" {
			t.Fatalf("stdin is %v", state["stdin"])
		}
		if !state["stdout"].IsString() || state["stdout"].StringValue() != "swordfish" {
			t.Fatalf("stdout is %v", state["stdout"])
		}
		connection(t, state)
	})
	t.Run("secrets within environment and triggers keep their place and reach the command", func(t *testing.T) {
		state := received(t, plugin.local().create(t, properties{
			"create": "echo $A$B", "environment": properties{"A": "a", "B": secret("b")}, "triggers": []any{secret(1.0), "x"},
		}))
		environment, triggers := state["environment"].ObjectValue(), state["triggers"].ArrayValue()
		if environment["A"].IsSecret() || !environment["B"].IsSecret() || !triggers[0].IsSecret() || triggers[1].IsSecret() {
			t.Fatalf("the state is %v", state)
		}
		if state["stdout"].StringValue() != "ab" {
			t.Fatalf("stdout is %v", state["stdout"])
		}
	})
}

func TestPluginItself(t *testing.T) {
	plugin := startPlugin(t)

	t.Run("it is version 1.2.1", func(t *testing.T) {
		info, err := plugin.GetPluginInfo(within(t, plugin.remote().limit), &emptypb.Empty{})
		must(t, err)
		if info.GetVersion() != "1.2.1" {
			t.Fatal(info)
		}
	})
	t.Run("its schema describes both commands", func(t *testing.T) {
		answer, err := plugin.GetSchema(within(t, plugin.remote().limit), &pulumirpc.GetSchemaRequest{})
		must(t, err)
		var schema struct {
			Name      string
			Resources map[string]struct {
				InputProperties map[string]struct{ Secret, ReplaceOnChanges bool }
				RequiredInputs  []string
				Required        []string
			}
		}
		must(t, json.Unmarshal([]byte(answer.GetSchema()), &schema))
		remote, local := schema.Resources["command:remote:Command"], schema.Resources["command:local:Command"]
		if schema.Name != "command" || !slices.Contains(remote.RequiredInputs, "connection") ||
			!remote.InputProperties["triggers"].ReplaceOnChanges || !remote.InputProperties["connection"].Secret ||
			!slices.Contains(remote.Required, "stdout") || len(remote.InputProperties) != 9 || len(local.InputProperties) != 12 {
			t.Fatalf("the schema is %+v", schema)
		}
	})
	t.Run("what the stand-in lacks is refused by name", func(t *testing.T) {
		standInOnly(t, "it has all of it")
		for _, typeName := range []string{"command:remote:CopyToRemote", "command:remote:CopyFile"} {
			copied := plugin.resource(typeName)
			_, err := copied.Check(within(t, copied.limit), &pulumirpc.CheckRequest{Urn: copied.urn, News: sent(t, nil)})
			mustFail(t, err, typeName, "the lab's stand-in")
		}
		for _, name := range []string{"assetPaths", "archivePaths"} {
			failures := plugin.local().checked(t, properties{name: []any{"*.txt"}}).GetFailures()
			if len(failures) != 1 || failures[0].GetProperty() != name ||
				!strings.Contains(failures[0].GetReason(), "the lab's stand-in") {
				t.Fatalf("%v", failures)
			}
		}
		_, err := plugin.Invoke(within(t, plugin.remote().limit), &pulumirpc.InvokeRequest{Tok: "command:local:run"})
		mustFail(t, err, "command:local:run", "the lab's stand-in")
	})
}
