package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// registry serves an OCI layout by the pull half of the OCI distribution API. The first path component of a repository is
// the upstream host (registry.k8s.io/pause), which is what containerd asks for when a hosts.toml names
// http://MIRROR/v2/registry.k8s.io with override_path. Nothing is kept in memory: each request reads the layout.
type registry struct{ layout string }

var (
	registryPath = regexp.MustCompile(`^/v2/([a-z0-9._/-]+)/(manifests|blobs)/([A-Za-z0-9._:-]+)$`)
	sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

func (r registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	parts := registryPath.FindStringSubmatch(request.URL.Path)
	switch {
	case request.URL.Path == "/v2/" || request.URL.Path == "/v2":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	case parts == nil:
		refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "no such path in the lab's registry")
	case parts[2] == "blobs":
		r.blob(w, request, parts[3])
	default:
		r.manifest(w, request, parts[1], parts[3])
	}
}

func (r registry) blob(w http.ResponseWriter, request *http.Request, digest string) {
	if !sha256Digest.MatchString(digest) {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID", "not a sha256 digest: "+digest)
		return
	}
	file, err := os.Open(r.blobPath(digest))
	if err != nil {
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", "the lab's registry does not hold "+digest)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	header := w.Header()
	header.Set("Docker-Content-Digest", digest)
	header.Set("Etag", `"`+digest+`"`)
	header.Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, request, "", info.ModTime(), file) // answers HEAD and Range
}

func (r registry) manifest(w http.ResponseWriter, request *http.Request, repository, reference string) {
	descriptor, err := r.find(repository, reference)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	if descriptor == nil {
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "the lab's registry does not hold "+repository+":"+reference)
		return
	}
	body, err := os.ReadFile(r.blobPath(descriptor.Digest.String()))
	if err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	header := w.Header()
	header.Set("Docker-Content-Digest", descriptor.Digest.String())
	header.Set("Content-Type", string(descriptor.MediaType))
	http.ServeContent(w, request, "", packedTime, strings.NewReader(string(body)))
}

// find looks a manifest up by repository and tag or digest; nil without an error says that there is none.
func (r registry) find(repository, reference string) (*v1.Descriptor, error) {
	text, err := os.ReadFile(filepath.Join(r.layout, "index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	for _, descriptor := range index.Manifests {
		name := descriptor.Annotations[referenceAnnotation]
		sameRepository := strings.HasPrefix(name, repository+":")
		if name == repository+":"+reference || sameRepository && descriptor.Digest.String() == reference {
			return &descriptor, nil
		}
	}
	return nil, nil
}

func (r registry) blobPath(digest string) string {
	return filepath.Join(r.layout, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// refuse answers with an error in the form of the OCI distribution API.
func refuse(w http.ResponseWriter, status int, code, message string) {
	type problem struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]problem{"errors": {{code, message}}})
}
