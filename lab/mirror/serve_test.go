package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

func TestFilesAreServedFromAptAndChartsAndNothingElse(t *testing.T) {
	root := writeTree(t, map[string]string{
		"apt/kubernetes/Release": "R", "charts/index.yaml": "C", "secret": "S", "apt/docker/a~b_1.deb": "D",
	})
	host := "http://" + serveRoot(t, root)
	for path, want := range map[string]string{
		"/apt/kubernetes/Release": "R", "/charts/index.yaml": "C", "/apt/docker/a%7eb_1.deb": "D",
	} {
		if status, body := get(t, host+path); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q, want %q", path, status, body, want)
		}
	}
	for _, path := range []string{"/secret", "/apt/../secret", "/apt/%2e%2e/secret", "/v2/a/blobs/sha256:../../secret"} {
		if status, body := get(t, host+path); status == http.StatusOK {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
}

func TestHealthNamesTheRootThatIsServedAndTheProcess(t *testing.T) {
	root := t.TempDir()
	_, body := get(t, "http://"+serveRoot(t, root)+"/healthz")
	var got health
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if want := (health{Root: root, Key: filepath.Base(root), Process: os.Getpid()}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNothingCanBeWritten(t *testing.T) {
	answer, err := http.Post("http://"+serveRoot(t, t.TempDir())+"/v2/a/blobs/uploads/", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("status %d", answer.StatusCode)
	}
}

func TestAnAddressThatNoInterfaceHasCanBeListenedOn(t *testing.T) {
	listener, err := listen("192.0.2.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
}
