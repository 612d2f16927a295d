package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"errors"
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

// keyDate is in the past of any machine that runs the lab: apt refuses a signature from the future.
var keyDate = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// readSeed reads the file from which the signing key is made: lab/packages/signing.ts writes it, random and readable by its owner
// alone. The same seed gives the same key and signatures.
func readSeed(file string) (string, error) {
	if file == "" {
		return "", errors.New("give --seed, the file with the seed of the signing key")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	seed := strings.TrimSpace(string(text))
	if len(seed) < 64 {
		return "", fmt.Errorf("%s is no seed: at least 64 characters", file)
	}
	return seed, nil
}

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

func signingConfig(seed string) *packet.Config {
	deterministic := false
	return &packet.Config{
		Rand:                                  &stream{seed: seed},
		Time:                                  func() time.Time { return keyDate },
		DefaultHash:                           crypto.SHA512,
		Algorithm:                             packet.PubKeyAlgoEdDSA,
		Curve:                                 packet.Curve25519,
		NonDeterministicSignaturesViaNotation: &deterministic,
	}
}

// signingKey returns the key of a seed: ed25519 in the version 4 format, the newest that gpgv 2.2 (Debian 12)
// reads and that sqv (Debian 13) accepts.
func signingKey(seed string) (*openpgp.Entity, error) {
	key, err := openpgp.NewEntity("homelab lab mirror", "", "mirror@lab.homelab", signingConfig(seed))
	if err != nil {
		return nil, fmt.Errorf("derive the signing key: %w", err)
	}
	key.Subkeys = nil // nothing is ever encrypted to it
	return key, nil
}

func printFingerprint(stdout io.Writer, seed string) error {
	key, err := signingKey(seed)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%X\n", key.PrimaryKey.Fingerprint)
	return err
}

func writePublicKey(stdout io.Writer, seed string, binary bool) error {
	key, err := signingKey(seed)
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
func signRelease(release, seed string) error {
	text, err := os.ReadFile(release)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(string(text), "\n") {
		return fmt.Errorf("%s does not end with a newline", release)
	}
	key, err := signingKey(seed)
	if err != nil {
		return err
	}
	var inline, detached bytes.Buffer
	signed, err := clearsign.Encode(&inline, key.PrivateKey, signingConfig(seed))
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
	if err := openpgp.ArmoredDetachSign(&detached, key, bytes.NewReader(text), signingConfig(seed)); err != nil {
		return err
	}
	detached.WriteByte('\n')
	folder := filepath.Dir(release)
	if err := os.WriteFile(filepath.Join(folder, "InRelease"), inline.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "Release.gpg"), detached.Bytes(), 0o644)
}
