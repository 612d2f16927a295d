package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

func TestReadiness(t *testing.T) {
	cluster := needsCluster(t)
	namespace := newNamespace(t, cluster)
	plugin := start(t, map[string]any{"kubeconfig": cluster.kubeconfig})
	deployments := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	inputs := func(name string, annotations map[string]any) map[string]any {
		labels := map[string]any{"app": name}
		return map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": map[string]any{"name": name, "namespace": namespace, "annotations": annotations},
			"spec": map[string]any{
				"replicas": 2.0, "selector": map[string]any{"matchLabels": labels},
				"template": map[string]any{
					"metadata": map[string]any{"labels": labels},
					"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "image": "none"}}},
				},
			},
		}
	}
	// report plays the controller.
	report := func(name string, available int) error {
		_, err := cluster.dynamic.Resource(deployments).Namespace(namespace).Patch(background(), name, types.MergePatchType,
			fmt.Appendf(nil, `{"status":{"observedGeneration":9,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":%d}}`, available),
			metav1.PatchOptions{}, "status")
		return err
	}
	t.Run("a deployment is made when all its replicas are available", func(t *testing.T) {
		standInOnly(t, "it goes by the conditions that the real controller sets, and words its messages otherwise")
		app, done := declare("kubernetes:apps/v1:Deployment", "app"), make(chan error, 1)
		go func() { done <- plugin.create(app, inputs("app", nil), false) }()
		eventually(t, func() error { return report("app", 1) }, done)
		eventually(t, func() error {
			if !strings.Contains(plugin.messages(), "1 of 2 replicas available") {
				return fmt.Errorf("messages: %s", plugin.messages())
			}
			return nil
		}, done)
		select {
		case err := <-done:
			t.Fatalf("it did not wait for the second replica: %v", err)
		case <-time.After(2 * time.Second):
		}
		eventually(t, func() error { return report("app", 2) }, done)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a deployment that isn't ready in time is kept with the reason", func(t *testing.T) {
		slow := declare("kubernetes:apps/v1:Deployment", "slow")
		err := plugin.create(slow, inputs("slow", map[string]any{"pulumi.com/timeoutSeconds": "1"}), false)
		if err == nil || slow.id != namespace+"/slow" || slow.outputs["spec"] == nil {
			t.Errorf("error %v, id %q", err, slow.id)
		}
	})
	t.Run("skipAwait doesn't wait", func(t *testing.T) {
		if err := plugin.create(declare("kubernetes:apps/v1:Deployment", "quick"),
			inputs("quick", map[string]any{"pulumi.com/skipAwait": "true"}), false); err != nil {
			t.Error(err)
		}
	})
	t.Run("a changed selector is a replacement", func(t *testing.T) {
		quick := declare("kubernetes:apps/v1:Deployment", "selected")
		before := inputs("selected", map[string]any{"pulumi.com/skipAwait": "true"})
		if err := plugin.create(quick, before, false); err != nil {
			t.Fatal(err)
		}
		after := inputs("selected", map[string]any{"pulumi.com/skipAwait": "true"})
		after["spec"].(map[string]any)["selector"] = map[string]any{"matchLabels": map[string]any{"app": "other"}}
		if response := plugin.diff(quick, after); len(response.GetReplaces()) != 1 {
			t.Errorf("replaces %v", response.GetReplaces())
		}
	})
	t.Run("a cancel ends the wait and keeps the object", func(t *testing.T) {
		second := start(t, map[string]any{"kubeconfig": cluster.kubeconfig})
		app, done := declare("kubernetes:apps/v1:Deployment", "stopped"), make(chan error, 1)
		go func() { done <- second.create(app, inputs("stopped", nil), false) }()
		eventually(t, func() error { return report("stopped", 1) }, done)
		must(second.client.Cancel(background(), &emptypb.Empty{}))(t)
		select {
		case err := <-done:
			if err == nil || app.id != namespace+"/stopped" {
				t.Errorf("error %v, id %q", err, app.id)
			}
		case <-time.After(10 * time.Second):
			t.Error("still waiting")
		}
	})
}
