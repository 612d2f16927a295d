package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		target := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

var chartFiles = map[string]string{"Chart.yaml": "name: my-chart\n", "templates/a.yaml": "a\n", "values.yaml": "{}\n"}

func TestAChartPacksToTheSameBytesWhateverTimesAndModesItsFilesHave(t *testing.T) {
	one, other := writeTree(t, chartFiles), writeTree(t, chartFiles)
	values := filepath.Join(other, "values.yaml")
	if err := errors.Join(os.Chmod(values, 0o444), os.Chtimes(values, time.Now(), time.Unix(99, 0))); err != nil {
		t.Fatal(err)
	}
	var packed [][]byte
	for _, source := range []string{one, other} {
		target := filepath.Join(t.TempDir(), "charts", "my-chart-1.2.3.tgz")
		if err := packChart(source, target); err != nil {
			t.Fatal(err)
		}
		packed = append(packed, read(t, target))
	}
	if !bytes.Equal(packed[0], packed[1]) {
		t.Error("equal charts have different archives")
	}
	want := []string{"my-chart/Chart.yaml", "my-chart/templates/a.yaml", "my-chart/values.yaml"}
	if got := names(t, packed[0]); !slices.Equal(got, want) {
		t.Errorf("packed %q, want %q", got, want)
	}
}

func TestAFolderWithoutChartYamlIsNoChart(t *testing.T) {
	err := packChart(t.TempDir(), filepath.Join(t.TempDir(), "my-chart-1.2.3.tgz"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func names(t *testing.T, archive []byte) (found []string) {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for entries := tar.NewReader(plain); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, header.Name)
	}
}
