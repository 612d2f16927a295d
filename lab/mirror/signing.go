package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// keySeed is public on purpose. The key vouches for nothing outside this machine; what it buys is that the lab's apt
// repositories pass the same signature check as the real ones, with a fingerprint that a stack can pin.
const keySeed = "homelab lab mirror, apt signing key, 1"

// keyDate is in the past of any machine that runs the lab: apt refuses a signature from the future.
var keyDate = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// stream is an endless deterministic byte stream, SHA-256 of seed and counter.
type stream struct {
	seed    string
	counter uint64
	rest    []byte
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		block := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(s.seed), s.counter))
		s.counter++
		s.rest = block[:]
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func signingConfig() *packet.Config {
	deterministic := false
	return &packet.Config{
		Rand:                                  &stream{seed: keySeed},
		Time:                                  func() time.Time { return keyDate },
		DefaultHash:                           crypto.SHA512,
		Algorithm:                             packet.PubKeyAlgoEdDSA,
		Curve:                                 packet.Curve25519,
		NonDeterministicSignaturesViaNotation: &deterministic,
	}
}

// signingKey returns the one key of the mirror: ed25519 in the version 4 format, the newest that gpgv 2.2 (Debian 12)
// reads and that sqv (Debian 13) accepts.
func signingKey() (*openpgp.Entity, error) {
	key, err := openpgp.NewEntity("homelab lab mirror", "", "mirror@lab.homelab", signingConfig())
	if err != nil {
		return nil, fmt.Errorf("derive the signing key: %w", err)
	}
	key.Subkeys = nil // nothing is ever encrypted to it
	return key, nil
}

func printFingerprint(stdout io.Writer) error {
	key, err := signingKey()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%X\n", key.PrimaryKey.Fingerprint)
	return err
}

func writePublicKey(stdout io.Writer, binary bool) error {
	key, err := signingKey()
	if err != nil {
		return err
	}
	if binary {
		return key.Serialize(stdout)
	}
	armored, err := armor.Encode(stdout, openpgp.PublicKeyType, nil)
	if err != nil {
		return err
	}
	if err := key.Serialize(armored); err != nil {
		return err
	}
	if err := armored.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout)
	return err
}

// signRelease writes InRelease (signed in line) and Release.gpg (detached) beside an apt Release file.
func signRelease(release string) error {
	text, err := os.ReadFile(release)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(string(text), "\n") {
		return fmt.Errorf("%s does not end with a newline", release)
	}
	key, err := signingKey()
	if err != nil {
		return err
	}
	var inline, detached bytes.Buffer
	signed, err := clearsign.Encode(&inline, key.PrivateKey, signingConfig())
	if err != nil {
		return err
	}
	if _, err := signed.Write(text); err != nil {
		return err
	}
	if err := signed.Close(); err != nil {
		return err
	}
	inline.WriteByte('\n')
	if err := openpgp.ArmoredDetachSign(&detached, key, bytes.NewReader(text), signingConfig()); err != nil {
		return err
	}
	detached.WriteByte('\n')
	folder := filepath.Dir(release)
	if err := os.WriteFile(filepath.Join(folder, "InRelease"), inline.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "Release.gpg"), detached.Bytes(), 0o644)
}
