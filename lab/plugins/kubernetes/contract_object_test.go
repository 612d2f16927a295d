package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

func configMap(namespace, name string, data map[string]any) map[string]any {
	metadata := map[string]any{"namespace": namespace}
	if name != "" {
		metadata["name"] = name
	}
	return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
}

// meddle changes an object as somebody else.
func meddle(t *testing.T, cluster *testCluster, resource schema.GroupVersionResource, namespace, name, patch string) {
	t.Helper()
	must(cluster.dynamic.Resource(resource).Namespace(namespace).Patch(background(), name, types.MergePatchType,
		[]byte(patch), metav1.PatchOptions{FieldManager: "somebody-else"}))(t)
}

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

func TestObjects(t *testing.T) {
	cluster := needsCluster(t)
	namespace := newNamespace(t, cluster)
	plugin := start(t, map[string]any{"kubeconfig": secret{cluster.kubeconfig}, "enableConfigMapMutable": "true"})
	settings := declare("kubernetes:core/v1:ConfigMap", "settings")
	t.Run("an object without a name is named after its resource and keeps the name", func(t *testing.T) {
		inputs := configMap(namespace, "", map[string]any{"color.main": "red", "size": "1"})
		if err := plugin.create(settings, inputs, false); err != nil {
			t.Fatal(err)
		}
		name := field(settings.outputs, "name")
		if !strings.HasPrefix(name, "settings-") || settings.id != namespace+"/"+name {
			t.Errorf("name %q, id %q", name, settings.id)
		}
		if response := plugin.diff(settings, inputs); response.GetChanges() != noChange {
			t.Errorf("changes %v", response.GetDetailedDiff())
		}
	})
	t.Run("changed, new and removed values are updated in place, each a change of its own", func(t *testing.T) {
		inputs := configMap(namespace, "", map[string]any{"color.main": "blue", "weight": "2"})
		expectChanges(t, plugin.diff(settings, inputs), `data["color.main"]`, "data.size", "data.weight")
		if err := plugin.update(settings, inputs, false); err != nil {
			t.Fatal(err)
		}
		data := setting(t, cluster, namespace, field(settings.outputs, "name"))
		if fmt.Sprint(data) != "map[color.main:blue weight:2]" {
			t.Errorf("data %v", data)
		}
	})
	t.Run("what somebody else changed shows after a refresh, and is taken back with force only", func(t *testing.T) {
		inputs := configMap(namespace, "", map[string]any{"color.main": "blue", "weight": "2"})
		meddle(t, cluster, configMaps, namespace, field(settings.outputs, "name"), `{"data":{"weight":"3","other":"x"}}`)
		if err := plugin.refresh(settings); err != nil {
			t.Fatal(err)
		}
		expectChanges(t, plugin.diff(settings, inputs), "data.weight")
		if err := plugin.update(settings, inputs, false); err == nil || !strings.Contains(err.Error(), "conflict") {
			t.Fatalf("expected a conflict, got %v", err)
		}
		inputs["metadata"].(map[string]any)["annotations"] = map[string]any{"pulumi.com/patchForce": "true"}
		if err := plugin.update(settings, inputs, false); err != nil {
			t.Fatal(err)
		}
		if data := setting(t, cluster, namespace, field(settings.outputs, "name")); data["weight"] != "2" || data["other"] != "x" {
			t.Errorf("data %v", data)
		}
	})
	t.Run("a deleted object is gone, and a second delete is no error", func(t *testing.T) {
		for range 2 {
			if err := plugin.delete(settings); err != nil {
				t.Fatal(err)
			}
		}
		_, err := cluster.dynamic.Resource(configMaps).Namespace(namespace).
			Get(background(), field(settings.outputs, "name"), metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an object that is gone leaves the state at a refresh", func(t *testing.T) {
		if err := plugin.refresh(settings); err != nil || settings.id != "" {
			t.Errorf("id %q, error %v", settings.id, err)
		}
	})
	t.Run("an object that exists already is refused", func(t *testing.T) {
		if err := plugin.create(declare("kubernetes:core/v1:ConfigMap", "one"), configMap(namespace, "taken", nil), false); err != nil {
			t.Fatal(err)
		}
		err := plugin.create(declare("kubernetes:core/v1:ConfigMap", "two"), configMap(namespace, "taken", nil), false)
		if err == nil || !strings.Contains(err.Error(), "already exists") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an object can be imported", func(t *testing.T) {
		imported := &custom{urn: declare("kubernetes:core/v1:ConfigMap", "one").urn, id: namespace + "/taken"}
		if err := plugin.refresh(imported); err != nil || field(imported.inputs, "name") != "taken" {
			t.Errorf("inputs %v, error %v", imported.inputs, err)
		}
	})
	t.Run("another name of a named object is a replacement", func(t *testing.T) {
		named := declare("kubernetes:core/v1:ConfigMap", "named")
		if err := plugin.create(named, configMap(namespace, "first", nil), false); err != nil {
			t.Fatal(err)
		}
		response := plugin.diff(named, configMap(namespace, "second", nil))
		if !slices.Equal(response.GetReplaces(), []string{"metadata.name"}) || response.GetDeleteBeforeReplace() {
			t.Errorf("replaces %v, delete first %v", response.GetReplaces(), response.GetDeleteBeforeReplace())
		}
	})
	t.Run("a preview of a create makes nothing and shows what the server would make", func(t *testing.T) {
		dry := declare("kubernetes:core/v1:ConfigMap", "dry")
		if err := plugin.create(dry, configMap(namespace, "dry", map[string]any{"a": "b"}), true); err != nil {
			t.Fatal(err)
		}
		_, err := cluster.dynamic.Resource(configMaps).Namespace(namespace).Get(background(), "dry", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) || object(dry.outputs["data"])["a"] != "b" {
			t.Errorf("outputs %v, error %v", dry.outputs, err)
		}
	})
	t.Run("a preview tells what the server would refuse", func(t *testing.T) {
		bad := configMap(namespace, "bad", map[string]any{"not a key": "x"})
		if err := plugin.create(declare("kubernetes:core/v1:ConfigMap", "bad"), bad, true); err == nil {
			t.Error("no error")
		}
	})
	t.Run("a namespace is created, and deleted with what is in it", func(t *testing.T) {
		web := declare("kubernetes:core/v1:Namespace", "web")
		inputs := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "web"}}
		if err := plugin.create(web, inputs, false); err != nil || web.id != "web" {
			t.Fatalf("id %q, error %v", web.id, err)
		}
		if response := plugin.diff(web, inputs); response.GetChanges() != noChange {
			t.Errorf("changes %v", response.GetDetailedDiff())
		}
		if err := plugin.delete(web); err != nil {
			t.Fatal(err)
		}
		if _, err := cluster.clients.CoreV1().Namespaces().Get(background(), "web", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestProviderNamespace(t *testing.T) {
	cluster := needsCluster(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(cluster.kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	namespace := newNamespace(t, cluster)
	plugin := start(t, map[string]any{"kubeconfig": path, "namespace": namespace})
	settings := declare("kubernetes:core/v1:ConfigMap", "settings")
	inputs := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "settings"}}
	if err := plugin.create(settings, inputs, false); err != nil || settings.id != namespace+"/settings" {
		t.Errorf("a kubeconfig by path, with the provider's namespace: id %q, error %v", settings.id, err)
	}
}

func TestConfigMapsAreReplacedUnlessMutable(t *testing.T) {
	plugin := start(t, map[string]any{"kubeconfig": kubeconfigFor(nowhere, "token")})
	before := configMap("default", "settings", map[string]any{"color": "red"})
	existing := &custom{
		urn: declare("kubernetes:core/v1:ConfigMap", "settings").urn, id: "default/settings", inputs: before,
		outputs: map[string]any{"metadata": before["metadata"], "__inputs": before, "apiVersion": "v1", "kind": "ConfigMap", "data": before["data"]},
	}
	response := plugin.diff(existing, configMap("default", "settings", map[string]any{"color": "blue"}))
	if len(response.GetReplaces()) != 1 || !response.GetDeleteBeforeReplace() {
		t.Errorf("replaces %v, delete first %v", response.GetReplaces(), response.GetDeleteBeforeReplace())
	}
}
