package main

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// packedTime is the modification time of everything that is packed, so that equal contents are equal archives.
var packedTime = time.Unix(0, 0).UTC()

// archive writes tar entries in the order they are given, without what differs from machine to machine: times, names of
// users, device and inode numbers.
type archive struct {
	tar *tar.Writer
	// made holds the folders written so far, without a leading slash.
	made map[string]bool
}

func newArchive(w io.Writer) *archive {
	return &archive{tar: tar.NewWriter(w), made: map[string]bool{"": true, ".": true}}
}

func (a *archive) header(header tar.Header) error {
	header.ModTime = packedTime
	header.Format = tar.FormatPAX
	header.Name = strings.TrimPrefix(header.Name, "/")
	return a.tar.WriteHeader(&header)
}

// parents writes the folders above name that are missing, owned by root and mode 0755.
func (a *archive) parents(name string) error {
	folder := strings.TrimPrefix(path.Dir(name), "/")
	if a.made[folder] {
		return nil
	}
	if err := a.parents(folder); err != nil {
		return err
	}
	return a.directory(folder, 0o755, 0, 0)
}

func (a *archive) directory(name string, mode int64, uid, gid int) error {
	name = strings.Trim(name, "/")
	if a.made[name] {
		return nil
	}
	a.made[name] = true
	return a.header(tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode, Uid: uid, Gid: gid})
}

func (a *archive) text(name, content string, mode int64) error {
	if err := a.header(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := io.WriteString(a.tar, content)
	return err
}

func (a *archive) link(name, target string, uid, gid int) error {
	return a.header(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777, Uid: uid, Gid: gid})
}

func (a *archive) file(name, source string, mode int64, uid, gid int) error {
	content, err := os.Open(source)
	if err != nil {
		return err
	}
	defer content.Close()
	info, err := content.Stat()
	if err != nil {
		return err
	}
	header := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: info.Size(), Uid: uid, Gid: gid}
	if err := a.header(header); err != nil {
		return err
	}
	if _, err := io.Copy(a.tar, content); err != nil {
		return fmt.Errorf("pack %s: %w", source, err)
	}
	return nil
}

// tree packs the folder source as the folder name, in lexical order. With asIs owners and modes are kept; without, all
// belongs to root and files have mode 0644, or 0755 where one may execute them.
func (a *archive) tree(name, source string, asIs bool) error {
	return filepath.WalkDir(source, func(found string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, found)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return a.node(path.Join(name, filepath.ToSlash(relative)), found, info, asIs)
	})
}

func (a *archive) node(name, source string, info fs.FileInfo, asIs bool) error {
	mode, uid, gid := plainMode(info), 0, 0
	if owner, known := info.Sys().(*syscall.Stat_t); asIs && known {
		mode, uid, gid = int64(owner.Mode&0o7777), int(owner.Uid), int(owner.Gid)
	}
	switch info.Mode().Type() {
	case 0:
		return a.file(name, source, mode, uid, gid)
	case fs.ModeDir:
		return a.directory(name, mode, uid, gid)
	case fs.ModeSymlink:
		target, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return a.link(name, target, uid, gid)
	}
	return nil // devices and sockets: the container runtime makes its own
}

func plainMode(info fs.FileInfo) int64 {
	if info.IsDir() || info.Mode()&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// plainFiles packs the regular files below source as files of the folder name, mode 0644, without folder entries.
func (a *archive) plainFiles(name, source string) error {
	return filepath.WalkDir(source, func(found string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		relative, err := filepath.Rel(source, found)
		if err != nil {
			return err
		}
		return a.file(path.Join(name, filepath.ToSlash(relative)), found, 0o644, 0, 0)
	})
}
