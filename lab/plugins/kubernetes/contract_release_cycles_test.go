package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/repo"
)

func TestReleaseLifeCycles(t *testing.T) {
	cluster := needsCluster(t)
	plugin := start(t, map[string]any{"kubeconfig": cluster.kubeconfig})
	tiny := packChart(t, "1.0.0")
	prepare := func(t *testing.T, values map[string]any) (app *custom, inputs map[string]any, namespace string) {
		namespace = newNamespace(t, cluster)
		inputs = releaseInputs(tiny, values)
		inputs["namespace"] = namespace
		return declare(releaseType, "app"), inputs, namespace
	}
	t.Run("an install waits until its pod is ready", func(t *testing.T) {
		app, inputs, namespace := prepare(t, map[string]any{"pod": true})
		done := make(chan error, 1)
		go func() { done <- plugin.create(app, inputs, false) }()
		eventually(t, func() error { return markPodReady(cluster, namespace, "app") }, done)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a failed install is kept and the next run upgrades it", func(t *testing.T) {
		app, inputs, _ := prepare(t, map[string]any{"pod": true})
		inputs["timeout"] = 1.0
		if err := plugin.create(app, inputs, false); err == nil || app.id == "" {
			t.Fatalf("error %v, id %q", err, app.id)
		}
		inputs["values"] = map[string]any{"pod": false}
		if err := plugin.update(app, inputs, false); err != nil {
			t.Fatal(err)
		}
		if status := object(app.outputs["status"]); status["status"] != "deployed" || status["revision"] != 2.0 {
			t.Errorf("status %v", status)
		}
	})
	t.Run("a failed atomic install leaves nothing", func(t *testing.T) {
		app, inputs, namespace := prepare(t, map[string]any{"pod": true})
		inputs["timeout"], inputs["atomic"] = 1.0, true
		err := plugin.create(app, inputs, false)
		releases := must(helmOf(t, cluster, namespace).Releases.ListReleases())(t)
		if err == nil || app.id != "" || len(releases) > 0 {
			t.Errorf("error %v, id %q, %d releases", err, app.id, len(releases))
		}
	})
	t.Run("a name that is in use is refused", func(t *testing.T) {
		app, inputs, _ := prepare(t, nil)
		if err := plugin.create(app, inputs, false); err != nil {
			t.Fatal(err)
		}
		again := declare(releaseType, "again")
		if err := plugin.create(again, inputs, false); err == nil || again.id != "" {
			t.Errorf("error %v, id %q", err, again.id)
		}
	})
	t.Run("the namespace is created on demand", func(t *testing.T) {
		app, inputs, _ := prepare(t, nil)
		inputs["namespace"], inputs["createNamespace"] = fmt.Sprintf("made-%d", time.Now().UnixNano()), true
		if err := plugin.create(app, inputs, false); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a chart comes from a repository, and its version is resolved", func(t *testing.T) {
		app, inputs, _ := prepare(t, nil)
		server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(tiny))))
		defer server.Close()
		index := must(repo.IndexDirectory(filepath.Dir(tiny), server.URL))(t)
		if err := index.WriteFile(filepath.Join(filepath.Dir(tiny), "index.yaml"), 0o600); err != nil {
			t.Fatal(err)
		}
		inputs["chart"], inputs["repositoryOpts"] = "tiny", map[string]any{"repo": server.URL}
		if err := plugin.create(app, inputs, false); err != nil {
			t.Fatal(err)
		}
		if app.outputs["version"] != "1.0.0" {
			t.Errorf("version %v", app.outputs["version"])
		}
	})
	t.Run("a release can be imported", func(t *testing.T) {
		app, inputs, _ := prepare(t, map[string]any{"greeting": "hello"})
		if err := plugin.create(app, inputs, false); err != nil {
			t.Fatal(err)
		}
		imported := &custom{urn: app.urn, id: app.id}
		if err := plugin.refresh(imported); err != nil {
			t.Fatal(err)
		}
		if greeting := object(imported.inputs["values"])["greeting"]; greeting != "hello" {
			t.Errorf("inputs %v", imported.inputs)
		}
	})
	t.Run("an install that a killed run left half-way is refused: its repair is the program's affair", func(t *testing.T) {
		app, inputs, namespace := prepare(t, map[string]any{"pod": true})
		killInside(t, cluster, namespace, func(victim *session) error { return victim.create(app, inputs, false) })
		again := declare(releaseType, "app")
		err := plugin.create(again, inputs, false)
		if err == nil || !strings.Contains(err.Error(), "cannot re-use a name that is still in use") || again.id != "" {
			t.Fatalf("error %v, id %q", err, again.id)
		}
		forgetLast(t, cluster, namespace)
		inputs["values"] = map[string]any{"pod": false}
		if err := plugin.create(again, inputs, false); err != nil {
			t.Fatal(err)
		}
		if status := object(again.outputs["status"])["status"]; status != "deployed" {
			t.Errorf("status %v", status)
		}
	})
}
