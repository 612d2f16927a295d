package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// packedLayer is an image layer on disk: a tar compressed with zstd, which containerd unpacks several times faster than
// gzip. It implements v1.Layer without reading the file again for its digests.
type packedLayer struct {
	Path   string  `json:"-"`
	Packed v1.Hash `json:"digest"`
	Plain  v1.Hash `json:"diffId"`
	Bytes  int64   `json:"size"`
}

func (l packedLayer) Digest() (v1.Hash, error)             { return l.Packed, nil }
func (l packedLayer) DiffID() (v1.Hash, error)             { return l.Plain, nil }
func (l packedLayer) Size() (int64, error)                 { return l.Bytes, nil }
func (l packedLayer) MediaType() (types.MediaType, error)  { return types.OCILayerZStd, nil }
func (l packedLayer) Compressed() (io.ReadCloser, error)   { return os.Open(l.Path) }
func (l packedLayer) Uncompressed() (io.ReadCloser, error) { return openZstd(l.Path) }

type zstdFile struct {
	*zstd.Decoder
	file *os.File
}

func (f zstdFile) Close() error {
	f.Decoder.Close()
	return f.file.Close()
}

func openZstd(name string) (io.ReadCloser, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	decoder, err := zstd.NewReader(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return zstdFile{decoder, file}, nil
}

// writeLayer packs what fill puts into the archive as a layer at output.
func writeLayer(output string, fill func(*archive) error) (packedLayer, error) {
	file, err := os.Create(output)
	if err != nil {
		return packedLayer{}, err
	}
	defer file.Close()
	packed, plain := sha256.New(), sha256.New()
	size := new(counter)
	buffered := bufio.NewWriterSize(io.MultiWriter(file, packed, size), 1<<20)
	// One goroutine: the encoder's output must not depend on the number of processors.
	compressed, err := zstd.NewWriter(buffered, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return packedLayer{}, err
	}
	contents := newArchive(io.MultiWriter(compressed, plain))
	if err := fill(contents); err != nil {
		return packedLayer{}, err
	}
	for _, finish := range []func() error{contents.tar.Close, compressed.Close, buffered.Flush, file.Close} {
		if err := finish(); err != nil {
			return packedLayer{}, fmt.Errorf("write layer %s: %w", output, err)
		}
	}
	return packedLayer{Path: output, Packed: asHash(packed), Plain: asHash(plain), Bytes: int64(*size)}, nil
}

// packLayer packs the root file system tree as it is into output, and its digests into output.json: a layer that several
// builds of images share.
func packLayer(tree, output string) error {
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	layer, err := writeLayer(output, func(contents *archive) error { return contents.tree("", tree, true) })
	if err != nil {
		return err
	}
	digests, err := json.Marshal(layer)
	if err != nil {
		return err
	}
	return os.WriteFile(output+".json", append(digests, '\n'), 0o644)
}

// readLayer reads a layer that packLayer wrote.
func readLayer(name string) (packedLayer, error) {
	digests, err := os.ReadFile(name + ".json")
	if err != nil {
		return packedLayer{}, err
	}
	layer := packedLayer{Path: name}
	if err := json.Unmarshal(digests, &layer); err != nil {
		return packedLayer{}, fmt.Errorf("read %s.json: %w", name, err)
	}
	return layer, nil
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func asHash(sum hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
}
