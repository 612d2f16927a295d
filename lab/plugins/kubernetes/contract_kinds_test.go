package main

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestSecrets(t *testing.T) {
	cluster := needsCluster(t)
	namespace := newNamespace(t, cluster)
	plugin := start(t, map[string]any{"kubeconfig": secret{cluster.kubeconfig}, "enableSecretMutable": "true"})
	inputs := func(data map[string]any) map[string]any {
		return map[string]any{
			"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"namespace": namespace, "name": "login"},
			"stringData": secret{data},
		}
	}
	login := declare("kubernetes:core/v1:Secret", "login")
	if err := plugin.create(login, inputs(map[string]any{"password": "hunter-two"}), false); err != nil {
		t.Fatal(err)
	}
	t.Run("the data of a Secret is secret in the outputs", func(t *testing.T) {
		inBase64 := base64.StdEncoding.EncodeToString([]byte("hunter-two"))
		if !slices.Contains(secretTexts(login.outputs["data"]), inBase64) {
			t.Errorf("data %v", login.outputs["data"])
		}
		for name, value := range login.outputs {
			if _, hidden := value.(secret); !hidden && name != propertyInputs && strings.Contains(fmt.Sprint(value), inBase64) {
				t.Errorf("%s shows the password", name)
			}
		}
	})
	t.Run("a refusal of the server doesn't quote it", func(t *testing.T) {
		standInOnly(t, "it hands the server's words on as they are")
		err := plugin.update(login, inputs(map[string]any{"hunter-two is no key": "hunter-two", "a": "hunter-two is no key"}), false)
		if err == nil || strings.Contains(err.Error(), "hunter-two") || !strings.Contains(err.Error(), "[secret]") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a refresh without changes is no change", func(t *testing.T) {
		if err := plugin.refresh(login); err != nil {
			t.Fatal(err)
		}
		if response := plugin.diff(login, inputs(map[string]any{"password": "hunter-two"})); response.GetChanges() != noChange {
			t.Errorf("changes %v", response.GetDetailedDiff())
		}
	})
}

func TestCustomResources(t *testing.T) {
	cluster := needsCluster(t)
	plugin := start(t, map[string]any{"kubeconfig": cluster.kubeconfig})
	definition := declare("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "pools")
	pool := declare("kubernetes:contract.test/v1:Pool", "pool")
	poolInputs := map[string]any{
		"apiVersion": "contract.test/v1", "kind": "Pool", "metadata": map[string]any{"name": "main"},
		"spec": map[string]any{"size": 3.0, "anything": map[string]any{"goes": true}},
	}
	t.Run("a custom resource follows its definition at once", func(t *testing.T) {
		inputs := map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": map[string]any{"name": "pools.contract.test"},
			"spec": map[string]any{
				"group": "contract.test", "scope": "Cluster", "names": map[string]any{"plural": "pools", "kind": "Pool"},
				"versions": []any{map[string]any{
					"name": "v1", "served": true, "storage": true,
					"schema": map[string]any{"openAPIV3Schema": map[string]any{
						"type": "object", "properties": map[string]any{
							"spec": map[string]any{"type": "object", "x_kubernetes_preserve_unknown_fields": true},
						},
					}},
				}},
			},
		}
		if err := plugin.create(definition, inputs, false); err != nil {
			t.Fatal(err)
		}
		if response := plugin.diff(definition, inputs); response.GetChanges() != noChange {
			t.Errorf("changes of the definition %v", response.GetDetailedDiff())
		}
		if err := plugin.create(pool, poolInputs, false); err != nil || pool.id != "main" {
			t.Fatalf("id %q, error %v", pool.id, err)
		}
		if object(object(pool.outputs["spec"])["anything"])["goes"] != true {
			t.Errorf("spec %v", pool.outputs["spec"])
		}
	})
	t.Run("a cluster-wide custom resource doesn't change by a namespace that means nothing", func(t *testing.T) {
		if response := plugin.diff(pool, poolInputs); response.GetChanges() != noChange {
			t.Errorf("changes %v", response.GetDetailedDiff())
		}
	})
	t.Run("a custom resource whose definition is gone leaves the state and is deleted without an error", func(t *testing.T) {
		if err := plugin.delete(definition); err != nil {
			t.Fatal(err)
		}
		if err := plugin.delete(pool); err != nil {
			t.Error(err)
		}
		if err := plugin.refresh(pool); err != nil || pool.id != "" {
			t.Errorf("id %q, error %v", pool.id, err)
		}
	})
	t.Run("a custom resource without a definition is previewed", func(t *testing.T) {
		standInOnly(t, "it knows the definitions of charts in the same program alone, and waits a minute for others")
		if err := plugin.create(declare("kubernetes:contract.test/v1:Pool", "other"), poolInputs, true); err != nil {
			t.Error(err)
		}
	})
	t.Run("a custom resource follows a definition that somebody else made meanwhile", func(t *testing.T) {
		definitions := schema.GroupVersionResource{
			Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
		}
		must(cluster.dynamic.Resource(definitions).Create(background(), &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": map[string]any{"name": "lakes.contract.test"},
			"spec": map[string]any{
				"group": "contract.test", "scope": "Namespaced",
				"names": map[string]any{"plural": "lakes", "singular": "lake", "kind": "Lake"},
				"versions": []any{map[string]any{
					"name": "v1", "served": true, "storage": true,
					"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object"}},
				}},
			},
		}}, metav1.CreateOptions{}))(t)
		lake := declare("kubernetes:contract.test/v1:Lake", "lake")
		inputs := map[string]any{
			"apiVersion": "contract.test/v1", "kind": "Lake", "metadata": map[string]any{"name": "deep"},
		}
		if err := plugin.create(lake, inputs, false); err != nil || lake.id != "default/deep" {
			t.Errorf("id %q, error %v", lake.id, err)
		}
	})
}

func TestPatches(t *testing.T) {
	cluster := needsCluster(t)
	namespace := newNamespace(t, cluster)
	plugin := start(t, map[string]any{"kubeconfig": cluster.kubeconfig})
	must(cluster.dynamic.Resource(configMaps).Namespace(namespace).Create(background(), &unstructured.Unstructured{
		Object: configMap(namespace, "theirs", map[string]any{"color": "red"}),
	}, metav1.CreateOptions{FieldManager: "somebody-else"}))(t)
	patch := declare("kubernetes:core/v1:ConfigMapPatch", "ours")
	t.Run("a patch adds its fields and leaves the others", func(t *testing.T) {
		if err := plugin.create(patch, configMap(namespace, "theirs", map[string]any{"size": "1"}), false); err != nil {
			t.Fatal(err)
		}
		if data := setting(t, cluster, namespace, "theirs"); fmt.Sprint(data) != "map[color:red size:1]" {
			t.Errorf("data %v", data)
		}
	})
	t.Run("a patch of a field that somebody else owns needs force", func(t *testing.T) {
		inputs := configMap(namespace, "theirs", map[string]any{"size": "1", "color": "blue"})
		if err := plugin.update(patch, inputs, false); err == nil || !strings.Contains(err.Error(), "conflict") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a deleted patch takes its fields away and leaves the object", func(t *testing.T) {
		if err := plugin.delete(patch); err != nil {
			t.Fatal(err)
		}
		if data := setting(t, cluster, namespace, "theirs"); fmt.Sprint(data) != "map[color:red]" {
			t.Errorf("data %v", data)
		}
	})
}
