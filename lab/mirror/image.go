package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// referenceAnnotation is where an OCI layout's index keeps the name of an image.
const referenceAnnotation = "org.opencontainers.image.ref.name"

// imageSpec describes one image to build; `images` reads a JSON array of them.
type imageSpec struct {
	// Reference is the full name with tag, upstream host first: registry.k8s.io/pause:3.10.2.
	Reference  string            `json:"reference"`
	Layers     []layerSpec       `json:"layers"`
	Entrypoint []string          `json:"entrypoint"`
	Command    []string          `json:"command"`
	User       string            `json:"user"`
	Directory  string            `json:"directory"`
	Env        []string          `json:"env"`
	Labels     map[string]string `json:"labels"`
}

// layerSpec is either a layer that `layer` packed, or entries to pack.
type layerSpec struct {
	Packed  string      `json:"packed"`
	Entries []entrySpec `json:"entries"`
}

// entrySpec is one thing at Path: a File or a Tree of this machine, a Link, a Text, or an empty directory.
type entrySpec struct {
	Path string  `json:"path"`
	File string  `json:"file"`
	Tree string  `json:"tree"`
	Link string  `json:"link"`
	Text *string `json:"text"`
	// Mode is permission bits; 0 means 0755 for files and directories, 0644 for texts.
	Mode int64 `json:"mode"`
}

func (e entrySpec) pack(contents *archive) error {
	if err := contents.parents(e.Path); err != nil {
		return err
	}
	switch {
	case e.File != "":
		return contents.file(e.Path, e.File, orMode(e.Mode, 0o755), 0, 0)
	case e.Tree != "":
		return contents.tree(e.Path, e.Tree, false)
	case e.Link != "":
		return contents.link(e.Path, e.Link, 0, 0)
	case e.Text != nil:
		return contents.text(e.Path, *e.Text, orMode(e.Mode, 0o644))
	}
	return contents.directory(e.Path, orMode(e.Mode, 0o755), 0, 0)
}

func orMode(mode, otherwise int64) int64 {
	if mode == 0 {
		return otherwise
	}
	return mode
}

// buildImages builds the images of the JSON on stdin into the OCI layout; an image of the same name is replaced.
func buildImages(spec io.Reader, layoutDir string) error {
	var images []imageSpec
	decoder := json.NewDecoder(spec)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&images); err != nil {
		return fmt.Errorf("read the image descriptions: %w", err)
	}
	target, err := openLayout(layoutDir)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(layoutDir, ".layers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for _, image := range images {
		if err := image.build(target, scratch); err != nil {
			return fmt.Errorf("build image %s: %w", image.Reference, err)
		}
	}
	return nil
}

func openLayout(dir string) (layout.Path, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if existing, err := layout.FromPath(dir); err == nil {
		return existing, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return layout.Write(dir, empty.Index)
}

func (i imageSpec) build(target layout.Path, scratch string) error {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for number, spec := range i.Layers {
		layer, err := spec.layer(filepath.Join(scratch, fmt.Sprintf("%d.tar.zst", number)))
		if err != nil {
			return err
		}
		if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayerZStd}); err != nil {
			return err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config = v1.Config{
		Entrypoint: i.Entrypoint, Cmd: i.Command, User: i.User, WorkingDir: i.Directory, Labels: i.Labels,
		Env: append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, i.Env...),
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return err
	}
	name := layout.WithAnnotations(map[string]string{referenceAnnotation: i.Reference})
	return target.ReplaceImage(image, match.Annotation(referenceAnnotation, i.Reference), name)
}

func (l layerSpec) layer(output string) (packedLayer, error) {
	if l.Packed != "" {
		return readLayer(l.Packed)
	}
	return writeLayer(output, func(contents *archive) error {
		for _, entry := range l.Entries {
			if err := entry.pack(contents); err != nil {
				return err
			}
		}
		return nil
	})
}
