package main

import (
	"fmt"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// packChart packs a tiny chart: a ConfigMap that shows a value, a hook that leaves a ConfigMap behind when the release
// goes, and on demand a pod, which has no kubelet to run it, or an object that the API refuses.
func packChart(t *testing.T, version string) (path string) {
	t.Helper()
	tiny := &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "tiny", Version: version, AppVersion: "2.0"},
		Raw:      []*chart.File{{Name: "values.yaml", Data: []byte("greeting: none\npod: false\nbroken: false\n")}},
		Values:   map[string]any{"greeting": "none", "pod": false, "broken": false},
		Templates: []*chart.File{
			{Name: "templates/settings.yaml", Data: []byte(`apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data: {greeting: "{{ .Values.greeting }}", revision: "{{ .Release.Revision }}"}
`)},
			{Name: "templates/hook.yaml", Data: []byte(`apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-farewell", annotations: {helm.sh/hook: pre-delete}}
`)},
			{Name: "templates/pod.yaml", Data: []byte(`{{ if .Values.pod }}apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}"}
spec: {containers: [{name: main, image: none}]}
{{ end }}`)},
			{Name: "templates/broken.yaml", Data: []byte(`{{ if .Values.broken }}apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec: {ports: [{port: 99999}]}
{{ end }}`)},
		},
	}
	return must(chartutil.Save(tiny, t.TempDir()))(t)
}

func releaseInputs(chart string, values map[string]any) map[string]any {
	return map[string]any{"chart": chart, "name": "app", "namespace": "default", "values": values, "compat": "true"}
}

// helmOf opens Helm's storage of a namespace, as the helm command would.
func helmOf(t *testing.T, cluster *testCluster, namespace string) *action.Configuration {
	t.Helper()
	direct := newCluster(settings{kubeconfig: cluster.kubeconfig})
	configuration := &action.Configuration{}
	if err := configuration.Init(helmGetter{direct, namespace}, namespace, "secret", func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	return configuration
}

// newNamespace makes a namespace of its own for a test.
func newNamespace(t *testing.T, cluster *testCluster) string {
	t.Helper()
	name := fmt.Sprintf("test-%d", time.Now().UnixNano())
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, name)
	must(cluster.clients.CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces").Body([]byte(text)).
		DoRaw(background()))(t)
	return name
}

func setting(t *testing.T, cluster *testCluster, namespace, name string) map[string]string {
	t.Helper()
	return must(cluster.clients.CoreV1().ConfigMaps(namespace).Get(background(), name, metav1.GetOptions{}))(t).Data
}

// killInside starts a step of the release app that waits for a pod, and kills the plugin once the pod is there.
func killInside(t *testing.T, cluster *testCluster, namespace string, step func(plugin *session) error) {
	t.Helper()
	victim := start(t, map[string]any{"kubeconfig": cluster.kubeconfig})
	done := make(chan error, 1)
	go func() { done <- step(victim) }()
	eventually(t, func() error {
		_, err := cluster.clients.CoreV1().Pods(namespace).Get(background(), "app", metav1.GetOptions{})
		return err
	}, done)
	if err := victim.process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Fatal("the step ended before the kill")
	}
	if status := must(helmOf(t, cluster, namespace).Releases.Last("app"))(t).Info.Status; !status.IsPending() {
		t.Fatalf("the release is %s, not pending", status)
	}
}

// forgetLast takes away Helm's record of the last revision, as the program does with an unfinished one.
func forgetLast(t *testing.T, cluster *testCluster, namespace string) {
	t.Helper()
	releases := helmOf(t, cluster, namespace).Releases
	last := must(releases.Last("app"))(t)
	must(releases.Delete(last.Name, last.Version))(t)
}

// markPodReady plays the kubelet.
func markPodReady(cluster *testCluster, namespace, name string) error {
	_, err := cluster.clients.CoreV1().Pods(namespace).Patch(background(), name, types.MergePatchType,
		[]byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`),
		metav1.PatchOptions{}, "status")
	return err
}

// eventually repeats a step until it succeeds; it fails when the awaited operation ends first.
func eventually(t *testing.T, step func() error, done chan error) {
	t.Helper()
	for range 300 {
		if step() == nil {
			return
		}
		select {
		case err := <-done:
			t.Fatalf("the operation did not wait: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("never succeeded: %v", step())
}
