package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// mirrorRoot packs one image of two layers, the first of them from a root file system with a link and a mode to keep.
func mirrorRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	system := writeTree(t, map[string]string{"usr/bin/sudo": "root\n", "etc/motd": "hello\n"})
	err := errors.Join(
		os.Chmod(filepath.Join(system, "usr/bin/sudo"), 0o755|os.ModeSetuid),
		os.Symlink("usr/bin", filepath.Join(system, "bin")),
		packLayer(system, filepath.Join(root, "base.tar.zst")))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := json.Marshal([]map[string]any{{
		"reference": "registry.k8s.io/tools/pause:3.10.2",
		"user":      "65535:65535",
		"env":       []string{"A=b"},
		"layers": []map[string]any{
			{"packed": filepath.Join(root, "base.tar.zst")},
			{"entries": []map[string]any{
				{"path": "/opt/tool/pause", "file": filepath.Join(system, "etc/motd")},
				{"path": "/opt/tool/link", "link": "pause"},
				{"path": "/tmp", "mode": 0o1777},
				{"path": "/etc/passwd", "text": ""},
				{"path": "/srv", "tree": filepath.Join(system, "etc")},
			}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time replaces the image by the same one
		if err := buildImages(strings.NewReader(string(spec)), filepath.Join(root, "registry")); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func serveRoot(t *testing.T, root string) (host string) {
	t.Helper()
	server := httptest.NewServer(handler(root))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func pull(t *testing.T, reference string) (v1.Image, error) {
	t.Helper()
	parsed, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Image(parsed)
}

func TestAClientPullsAnImageByTagAndByDigest(t *testing.T) {
	host := serveRoot(t, mirrorRoot(t))
	image, err := pull(t, host+"/registry.k8s.io/tools/pause:3.10.2")
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65535:65535" || len(config.Config.Env) != 2 || config.Config.Env[1] != "A=b" {
		t.Errorf("configuration is %+v", config.Config)
	}
	checkLayers(t, image, config)
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pull(t, host+"/registry.k8s.io/tools/pause@"+digest.String()); err != nil {
		t.Error(err)
	}
	if _, err := pull(t, host+"/quay.io/tools/pause@"+digest.String()); err == nil {
		t.Error("the image was served for another repository")
	}
}

// checkLayers reads each layer (the client checks the digest of what it downloads) and compares its plain content.
func checkLayers(t *testing.T, image v1.Image, config *v1.ConfigFile) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 2 || len(config.RootFS.DiffIDs) != 2 {
		t.Fatalf("%d layers, %d of them in the configuration", len(layers), len(config.RootFS.DiffIDs))
	}
	for number, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		plain := sha256.New()
		if _, err := io.Copy(plain, content); err != nil {
			t.Error(err)
		}
		if got := asHash(plain); got != config.RootFS.DiffIDs[number] {
			t.Errorf("layer %d holds %s, the configuration says %s", number, got, config.RootFS.DiffIDs[number])
		}
	}
}

func TestLayersKeepWhatTheyWereMadeOf(t *testing.T) {
	image, err := pull(t, serveRoot(t, mirrorRoot(t))+"/registry.k8s.io/tools/pause:3.10.2")
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for entries := tar.NewReader(content); ; {
			header, err := entries.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			found[header.Name] = fmt.Sprintf("%c%o%s", header.Typeflag, header.Mode, header.Linkname)
		}
		if err := content.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"usr/bin/sudo": "04755", "bin": "2777usr/bin", "usr/bin/": "5755", "opt/": "5755", "opt/tool/": "5755",
		"opt/tool/pause": "0755", "opt/tool/link": "2777pause", "tmp/": "51777", "etc/passwd": "0644", "srv/motd": "0644",
	} {
		if found[name] != want {
			t.Errorf("%s is %q, want %q", name, found[name], want)
		}
	}
}

func TestPackingAgainGivesTheSameDigests(t *testing.T) {
	one, other := mirrorRoot(t), mirrorRoot(t)
	index := filepath.Join("registry", "index.json")
	if first, second := read(t, filepath.Join(one, index)), read(t, filepath.Join(other, index)); string(first) != string(second) {
		t.Errorf("two builds of one image differ:\n%s\n%s", first, second)
	}
}

func TestAnUnknownTagIsNotFound(t *testing.T) {
	_, err := pull(t, serveRoot(t, mirrorRoot(t))+"/registry.k8s.io/tools/pause:4")
	var refused *transport.Error
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusNotFound || refused.Errors[0].Code != "MANIFEST_UNKNOWN" {
		t.Errorf("got %v", err)
	}
}

func TestARangeOfABlobIsServed(t *testing.T) {
	root := mirrorRoot(t)
	base, err := readLayer(filepath.Join(root, "base.tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + serveRoot(t, root) + "/v2/registry.k8s.io/tools/pause/blobs/" + base.Packed.String()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Range", "bytes=1-3")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	part, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusPartialContent || string(part) != string(read(t, base.Path)[1:4]) {
		t.Errorf("status %d, content %x", answer.StatusCode, part)
	}
}
