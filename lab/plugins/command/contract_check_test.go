package main_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestCheckAndSecrets(t *testing.T) {
	host := startSSHD(t, "AcceptEnv A B")
	plugin := startPlugin(t)
	command := plugin.remote()
	reachable := properties{"host": "example", "hostKey": host.hostKey}
	connection := func(t *testing.T, wire resource.PropertyMap) resource.PropertyMap {
		t.Helper()
		if !wire["connection"].IsSecret() {
			t.Fatalf("the connection is not secret: %v", wire)
		}
		return wire["connection"].SecretValue().Element.ObjectValue()
	}

	t.Run("a connection gets its defaults, for a bastion too", func(t *testing.T) {
		checked := received(t, command.check(t, properties{
			"connection": reachable.with(properties{"proxy": reachable.with(properties{"host": "bastion"})}),
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
			"connection": reachable.with(properties{"dialErrorLimit": 0, "perDialTimeout": 0}),
		})))
		if part["dialErrorLimit"].NumberValue() != 0 || part["perDialTimeout"].NumberValue() != 0 {
			t.Fatalf("the connection is %v", part)
		}
	})
	t.Run("the private key of a connection is secret in itself", func(t *testing.T) {
		given := reachable.with(properties{"privateKey": "swordfish"})
		part := connection(t, received(t, command.check(t, properties{"connection": given})))
		if !part["privateKey"].IsSecret() {
			t.Fatalf("it is %v", part["privateKey"])
		}
	})
	t.Run("a missing connection, a missing host and an unknown property are refused by name", func(t *testing.T) {
		for property, inputs := range map[string]properties{
			"connection": {"create": "true"},
			"host":       {"connection": properties{"hostKey": host.hostKey}},
			"craete":     {"connection": reachable, "craete": "true"},
			"stdin":      {"connection": reachable, "stdin": 1},
		} {
			failures := command.checked(t, inputs).GetFailures()
			if len(failures) != 1 || !strings.Contains(failures[0].GetProperty()+failures[0].GetReason(), property) {
				t.Fatalf("%s: %v", property, failures)
			}
		}
	})
	t.Run("a secret stdin is secret in the state; what it makes a command write is not", func(t *testing.T) {
		state := received(t, command.create(t, properties{
			"connection": host.connection(), "create": "cat", "stdin": secret("swordfish"),
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
		state := received(t, command.create(t, properties{
			"connection": host.connection(), "create": "echo $A$B",
			"environment": properties{"A": "a", "B": secret("b")}, "triggers": []any{secret(1.0), "x"},
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
	t.Run("what only the released plugin has is refused by name", func(t *testing.T) {
		builtOnly(t, "it has all of it")
		for _, typeName := range []string{"command:local:Command", "command:remote:CopyToRemote"} {
			other := plugin.resource(typeName)
			_, err := other.Check(within(t, other.limit), &pulumirpc.CheckRequest{Urn: other.urn, News: sent(t, nil)})
			mustFail(t, err, typeName, "install the released one")
		}
		connection := properties{"host": "example", "hostKey": "ssh-ed25519 AAAA"}
		for name, inputs := range map[string]properties{
			"delete":                 {"delete": "true"},
			"logging":                {"logging": "stdout"},
			"addPreviousOutputInEnv": {"addPreviousOutputInEnv": true},
			"password":               {"connection": connection.with(properties{"password": "swordfish"})},
		} {
			failures := plugin.remote().checked(t, properties{"connection": connection}.with(inputs)).GetFailures()
			if len(failures) != 1 || failures[0].GetProperty() != name ||
				!strings.Contains(failures[0].GetReason(), "install the released one") {
				t.Fatalf("%s: %v", name, failures)
			}
		}
	})
	t.Run("a host without a host key is refused", func(t *testing.T) {
		builtOnly(t, "it accepts any host key then")
		failures := plugin.remote().checked(t, properties{"connection": properties{"host": "example"}}).GetFailures()
		if len(failures) != 1 || failures[0].GetProperty() != "hostKey" {
			t.Fatalf("%v", failures)
		}
	})
}
