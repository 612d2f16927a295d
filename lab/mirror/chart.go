package main

import (
	"compress/gzip"
	"errors"
	"os"
	"path"
	"path/filepath"
)

// packChart packs a Helm chart as `helm package` would, but so that equal sources are equal archives: entries sorted,
// one fixed time, gzip without compression. Its SHA-256 can therefore be pinned.
func packChart(source, output string) error {
	if _, err := os.Stat(filepath.Join(source, "Chart.yaml")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	file, err := os.Create(output)
	if err != nil {
		return err
	}
	defer file.Close()
	stored, err := gzip.NewWriterLevel(file, gzip.NoCompression)
	if err != nil {
		return err
	}
	contents := newArchive(stored)
	if err := contents.plainFiles(chartName(output), source); err != nil {
		return err
	}
	return errors.Join(contents.tar.Close(), stored.Close(), file.Close())
}

// chartName is the folder inside a chart's archive: NAME of NAME-VERSION.tgz, where VERSION starts at the first dash
// that a digit follows.
func chartName(archivePath string) string {
	base := path.Base(filepath.ToSlash(archivePath))
	for i := 0; i+1 < len(base); i++ {
		if base[i] == '-' && base[i+1] >= '0' && base[i+1] <= '9' {
			return base[:i]
		}
	}
	return base
}
