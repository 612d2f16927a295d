package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestReleases(t *testing.T) {
	cluster := needsCluster(t)
	namespace := newNamespace(t, cluster)
	plugin := start(t, map[string]any{"kubeconfig": secret{cluster.kubeconfig}})
	app := declare(releaseType, "app")
	inputs := func(chart string, values map[string]any) map[string]any {
		result := releaseInputs(chart, values)
		result["namespace"] = namespace
		return result
	}
	first := packChart(t, "1.0.0")
	values := map[string]any{"greeting": "hello", "password": secret{"hunter-two"}}
	ok := t.Run("a release is installed and tells its status", func(t *testing.T) {
		if err := plugin.create(app, inputs(first, values), false); err != nil {
			t.Fatal(err)
		}
		status := object(app.outputs["status"])
		want := map[string]any{"status": "deployed", "revision": 1.0, "chart": "tiny", "version": "1.0.0",
			"appVersion": "2.0", "name": "app", "namespace": namespace}
		if changes := differences(want, status); len(changes) > 0 {
			t.Errorf("status %v: %v", status, changes)
		}
		if names := object(app.outputs["resourceNames"])["ConfigMap/v1"]; fmt.Sprint(names) != "[app-settings]" {
			t.Errorf("resource names %v", app.outputs["resourceNames"])
		}
		if app.id != namespace+"/app" || setting(t, cluster, namespace, "app-settings")["greeting"] != "hello" {
			t.Errorf("id %s", app.id)
		}
	})
	if !ok {
		t.FailNow()
	}
	t.Run("a secret value stays secret in the outputs and out of the messages", func(t *testing.T) {
		if !slices.Contains(secretTexts(app.outputs["values"]), "hunter-two") {
			t.Errorf("values are %v", app.outputs["values"])
		}
		if strings.Contains(plugin.messages(), "hunter-two") {
			t.Error(plugin.messages())
		}
	})
	t.Run("the same inputs are no change", func(t *testing.T) {
		if response := plugin.diff(app, inputs(first, values)); response.GetChanges() != noChange {
			t.Errorf("got %v", response.GetDetailedDiff())
		}
	})
	t.Run("another name is a replacement", func(t *testing.T) {
		renamed := inputs(first, values)
		renamed["name"] = "other"
		if response := plugin.diff(app, renamed); !slices.Equal(response.GetReplaces(), []string{"name"}) {
			t.Errorf("replaces %v", response.GetReplaces())
		}
	})
	second := packChart(t, "1.1.0")
	changed := map[string]any{"greeting": "goodbye", "password": secret{"hunter-two"}}
	t.Run("a changed value and a new chart are changes of just these properties", func(t *testing.T) {
		expectChanges(t, plugin.diff(app, inputs(second, changed)), "values.greeting", "chart", "version")
	})
	t.Run("an upgrade deploys the next revision", func(t *testing.T) {
		if err := plugin.update(app, inputs(second, changed), false); err != nil {
			t.Fatal(err)
		}
		if data := setting(t, cluster, namespace, "app-settings"); data["greeting"] != "goodbye" || data["revision"] != "2" {
			t.Errorf("deployed %v", data)
		}
		if revision := object(app.outputs["status"])["revision"]; revision != 2.0 {
			t.Errorf("revision %v", revision)
		}
	})
	t.Run("an upgrade by other means shows as a change after a refresh", func(t *testing.T) {
		client := action.NewUpgrade(helmOf(t, cluster, namespace))
		client.Namespace, client.ReuseValues = namespace, true
		loaded := must(helmOf(t, cluster, namespace).Releases.Last("app"))(t).Chart
		must(client.Run("app", loaded, map[string]any{"greeting": "meddled"}))(t)
		if err := plugin.refresh(app); err != nil {
			t.Fatal(err)
		}
		expectChanges(t, plugin.diff(app, inputs(second, changed)), "values.greeting")
		if err := plugin.update(app, inputs(second, changed), false); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a failed upgrade is kept with its reason and mended by the next", func(t *testing.T) {
		broken := map[string]any{"greeting": "goodbye", "password": secret{"hunter-two"}, "broken": true}
		err := plugin.update(app, inputs(second, broken), false)
		if err == nil || !strings.Contains(err.Error(), "99999") || object(app.outputs["status"])["status"] != "failed" {
			t.Fatalf("error %v, status %v", err, app.outputs["status"])
		}
		if response := plugin.diff(app, inputs(second, changed)); response.GetChanges() != someChange {
			t.Error("a failed release must be a change")
		}
		if err := plugin.update(app, inputs(second, changed), false); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("an upgrade that a killed run left half-way is refused: its repair is the program's affair", func(t *testing.T) {
		unfinished := *app
		withPod := map[string]any{"greeting": "goodbye", "password": secret{"hunter-two"}, "pod": true}
		killInside(t, cluster, namespace, func(victim *session) error {
			return victim.update(&unfinished, inputs(second, withPod), false)
		})
		again := *app
		err := plugin.update(&again, inputs(second, changed), false)
		if err == nil || !strings.Contains(err.Error(), "another operation (install/upgrade/rollback) is in progress") {
			t.Fatalf("error %v", err)
		}
		forgetLast(t, cluster, namespace)
		if err := plugin.update(app, inputs(second, changed), false); err != nil {
			t.Fatal(err)
		}
		if status := object(app.outputs["status"])["status"]; status != "deployed" {
			t.Errorf("status %v", status)
		}
	})
	t.Run("deleting uninstalls, runs the hooks, and a second time is no error", func(t *testing.T) {
		if err := plugin.delete(app); err != nil {
			t.Fatal(err)
		}
		// The released plugin takes a release that is gone for an error.
		if err := plugin.delete(app); err != nil && os.Getenv("PLUGIN") == "" {
			t.Fatal(err)
		}
		_, err := cluster.clients.CoreV1().ConfigMaps(namespace).Get(background(), "app-settings", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("the release's object is still there: %v", err)
		}
		setting(t, cluster, namespace, "app-farewell")
	})
	t.Run("a release that is gone leaves the state at a refresh", func(t *testing.T) {
		if err := plugin.refresh(app); err != nil || app.id != "" {
			t.Errorf("id %q, error %v", app.id, err)
		}
	})
}
