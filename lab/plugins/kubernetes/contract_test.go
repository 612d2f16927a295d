package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// kubeconfigFor writes a kubeconfig of the given server; user tells two clients of the same cluster apart.
func kubeconfigFor(server, user string) string {
	return strings.NewReplacer("SERVER", server, "USER", user).Replace(`apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "SERVER"}}]
users: [{name: admin, user: {token: "USER"}}]
contexts: [{name: lab, context: {cluster: lab, user: admin}}]
current-context: lab
`)
}

// nowhere is the address of a cluster that doesn't answer.
const nowhere = "https://127.0.0.1:1"

func TestProviderConfiguration(t *testing.T) {
	plugin := start(t, map[string]any{"kubeconfig": kubeconfigFor(nowhere, "token-one")})
	first := kubeconfigFor("https://10.0.0.1:6443", "token-one")
	otherUser := kubeconfigFor("https://10.0.0.1:6443", "token-two")
	otherServer := kubeconfigFor("https://10.0.0.2:6443", "token-one")
	cases := []struct {
		name       string
		olds, news map[string]any
		changes    pulumirpc.DiffResponse_DiffChanges
		replaces   []string
	}{
		{"the same options are no change",
			map[string]any{"kubeconfig": first}, map[string]any{"kubeconfig": first}, noChange, nil},
		{"a new login to the same cluster is an update",
			map[string]any{"kubeconfig": first}, map[string]any{"kubeconfig": otherUser}, someChange, nil},
		{"another server without a cluster identifier is a replacement",
			map[string]any{"kubeconfig": first}, map[string]any{"kubeconfig": otherServer}, someChange, []string{"kubeconfig"}},
		{"another server of the same cluster identifier is an update",
			map[string]any{"kubeconfig": first, "clusterIdentifier": "a"},
			map[string]any{"kubeconfig": otherServer, "clusterIdentifier": "a"}, someChange, nil},
		{"another cluster identifier is a replacement",
			map[string]any{"kubeconfig": first, "clusterIdentifier": "a"},
			map[string]any{"kubeconfig": first, "clusterIdentifier": "b"}, someChange, []string{"clusterIdentifier"}},
		{"taking up a cluster identifier is an update",
			map[string]any{"kubeconfig": first},
			map[string]any{"kubeconfig": first, "clusterIdentifier": "a"}, someChange, nil},
		{"an unknown kubeconfig without a cluster identifier is a replacement",
			map[string]any{"kubeconfig": first}, map[string]any{"kubeconfig": unknown{}}, someChange, []string{"kubeconfig"}},
		{"an unknown kubeconfig of the same cluster identifier is an update",
			map[string]any{"kubeconfig": secret{first}, "clusterIdentifier": "a"},
			map[string]any{"kubeconfig": unknown{}, "clusterIdentifier": "a"}, someChange, nil},
		{"another option is an update",
			map[string]any{"kubeconfig": first},
			map[string]any{"kubeconfig": first, "deleteUnreachable": "true"}, someChange, nil},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			response := must(plugin.client.DiffConfig(background(), &pulumirpc.DiffRequest{
				Urn: providerURN, Olds: plugin.encode(test.olds), OldInputs: plugin.encode(test.olds), News: plugin.encode(test.news),
			}))(t)
			if response.GetChanges() != test.changes || !slices.Equal(response.GetReplaces(), test.replaces) {
				t.Errorf("got %v, replaces %v", response.GetChanges(), response.GetReplaces())
			}
		})
	}
}

const (
	noChange   = pulumirpc.DiffResponse_DIFF_NONE
	someChange = pulumirpc.DiffResponse_DIFF_SOME
)

func TestWithoutACluster(t *testing.T) {
	options := map[string]any{"kubeconfig": secret{kubeconfigFor(nowhere, "token-of-the-admin")}}
	namespace := map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "web"},
	}
	t.Run("a preview shows what would be made", func(t *testing.T) {
		plugin, resource := start(t, options), declare("kubernetes:core/v1:Namespace", "web")
		began := time.Now()
		if err := plugin.create(resource, namespace, true); err != nil {
			t.Fatal(err)
		}
		if name := field(resource.outputs, "name"); name != "web" || time.Since(began) > 5*time.Second {
			t.Errorf("name %q after %s", name, time.Since(began))
		}
	})
	t.Run("a preview works when the kubeconfig is not known yet", func(t *testing.T) {
		plugin, resource := start(t, map[string]any{"kubeconfig": unknown{}}), declare("kubernetes:core/v1:Namespace", "web")
		if err := plugin.create(resource, namespace, true); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a release is previewed, with a changed value as one change", func(t *testing.T) {
		plugin, resource := start(t, options), declare(releaseType, "app")
		chart := packChart(t, "1.0.0")
		if err := plugin.create(resource, releaseInputs(chart, map[string]any{"greeting": "hello"}), true); err != nil {
			t.Fatal(err)
		}
		if resource.outputs["status"] != (unknown{}) {
			t.Errorf("status is %v, not unknown", resource.outputs["status"])
		}
		resource.id = "default/app"
		resource.outputs["status"] = map[string]any{"status": "deployed"}
		changed := plugin.diff(resource, releaseInputs(chart, map[string]any{"greeting": "goodbye"}))
		expectChanges(t, changed, "values.greeting")
	})
	t.Run("creating fails and names the server but not the token", func(t *testing.T) {
		plugin, resource := start(t, options), declare("kubernetes:core/v1:Namespace", "web")
		err := plugin.create(resource, namespace, false)
		if err == nil || !strings.Contains(err.Error(), nowhere) || strings.Contains(err.Error(), "token-of-the-admin") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a kubeconfig that can't be parsed is told without quoting it", func(t *testing.T) {
		plugin := start(t, map[string]any{"kubeconfig": "token: token-of-the-admin\n\t: {"})
		err := plugin.create(declare("kubernetes:core/v1:Namespace", "web"), namespace, false)
		if err == nil || strings.Contains(err.Error()+plugin.messages(), "token-of-the-admin") {
			t.Errorf("got %v, messages %s", err, plugin.messages())
		}
	})
	existing := func() *custom {
		return &custom{
			urn: declare("kubernetes:core/v1:Namespace", "web").urn, id: "web", inputs: namespace, outputs: namespace,
		}
	}
	t.Run("a refresh fails instead of dropping objects", func(t *testing.T) {
		if err := start(t, options).refresh(existing()); err == nil {
			t.Error("no error")
		}
	})
	t.Run("with skipUpdateUnreachable nothing changes", func(t *testing.T) {
		plugin := start(t, map[string]any{"kubeconfig": options["kubeconfig"], "skipUpdateUnreachable": "true"})
		changed := configMap("default", "settings", map[string]any{"color": "blue"})
		settings := &custom{urn: declare("kubernetes:core/v1:ConfigMap", "settings").urn, id: "default/settings",
			inputs: configMap("default", "settings", map[string]any{"color": "red"})}
		if checked := must(plugin.check(settings, changed))(t); object(checked["data"])["color"] != "red" {
			t.Errorf("inputs %v", checked)
		}
	})
	t.Run("with deleteUnreachable a delete drops objects", func(t *testing.T) {
		plugin := start(t, map[string]any{"kubeconfig": options["kubeconfig"], "deleteUnreachable": "true"})
		if err := plugin.delete(existing()); err != nil {
			t.Error(err)
		}
	})
	t.Run("with deleteUnreachable a delete of a release still fails", func(t *testing.T) {
		plugin := start(t, map[string]any{"kubeconfig": options["kubeconfig"], "deleteUnreachable": "true"})
		inputs := map[string]any{"name": "app", "namespace": "default", "chart": "app"}
		err := plugin.delete(&custom{urn: declare(releaseType, "app").urn, id: "default/app", inputs: inputs,
			outputs: map[string]any{"name": "app", "namespace": "default", "chart": "app", "__inputs": secret{inputs}}})
		if err == nil {
			t.Error("no error")
		}
	})
}

func TestThePluginEndsWhenItsEngineIsGone(t *testing.T) {
	standInOnly(t, "it stays until somebody ends it")
	plugin := start(t, map[string]any{"kubeconfig": kubeconfigFor(nowhere, "token")})
	plugin.engine.Stop()
	select {
	case <-plugin.exited:
	case <-time.After(time.Minute):
		t.Error("still running")
	}
}

func TestRefusals(t *testing.T) {
	plugin := start(t, map[string]any{"kubeconfig": kubeconfigFor(nowhere, "token")})
	t.Run("a list kind is refused", func(t *testing.T) {
		_, err := plugin.check(declare("kubernetes:core/v1:ConfigMapList", "all"), map[string]any{
			"apiVersion": "v1", "kind": "ConfigMapList", "items": []any{},
		})
		if err == nil {
			t.Error("no error")
		}
	})
	t.Run("a chart that isn't there is a failure of its input", func(t *testing.T) {
		_, err := plugin.check(declare(releaseType, "app"), map[string]any{"chart": filepath.Join(t.TempDir(), "none.tgz")})
		if err == nil || !strings.HasPrefix(err.Error(), "chart: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a patch without a name is refused", func(t *testing.T) {
		_, err := plugin.check(declare("kubernetes:core/v1:NodePatch", "labels"), map[string]any{
			"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"labels": map[string]any{"a": "b"}},
		})
		if err == nil {
			t.Error("no error")
		}
	})
	if os.Getenv("PLUGIN") != "" {
		return // the released plugin can do what follows
	}
	for _, token := range []string{"kubernetes:helm:template", "kubernetes:yaml:decode", "kubernetes:kustomize:directory"} {
		t.Run("the stand-in refuses the function "+token, func(t *testing.T) {
			_, err := plugin.client.Invoke(background(), &pulumirpc.InvokeRequest{Tok: token})
			if err == nil || !strings.Contains(err.Error(), "the lab's stand-in") || !strings.Contains(err.Error(), token) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// expectChanges compares the paths of a diff that replaces nothing.
func expectChanges(t *testing.T, response *pulumirpc.DiffResponse, paths ...string) {
	t.Helper()
	var got []string
	for path := range response.GetDetailedDiff() {
		got = append(got, path)
	}
	slices.Sort(got)
	slices.Sort(paths)
	if !slices.Equal(got, paths) || len(response.GetReplaces()) > 0 {
		t.Errorf("changes %v, replaces %v", got, response.GetReplaces())
	}
}
