package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
)

// A seed, and the fingerprint of its key: test/unit/lab/signing.test.ts has the same two, because lab/packages/signing.ts
// calculates the fingerprint that a stack pins.
const (
	seed   = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	pinned = "844FC86837BC3DE1B9F64836A0C61CB3C6044A61"
)

const release = "Origin: homelab lab\n- dashes are escaped\nSHA256:\n 00 1 Packages\n"

func TestTheKeyHasTheFingerprintThatAStackPins(t *testing.T) {
	var out bytes.Buffer
	if err := printFingerprint(&out, seed); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.String()); got != pinned {
		t.Errorf("fingerprint is %s, the stack pins %s", got, pinned)
	}
}

func signed(t *testing.T) (inline, detached []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Release")
	if err := os.WriteFile(file, []byte(release), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := signRelease(file, seed); err != nil {
		t.Fatal(err)
	}
	return read(t, filepath.Join(filepath.Dir(file), "InRelease")), read(t, file+".gpg")
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func publicKeyring(t *testing.T) openpgp.EntityList {
	t.Helper()
	var armored bytes.Buffer
	if err := writePublicKey(&armored, seed, false); err != nil {
		t.Fatal(err)
	}
	keyring, err := openpgp.ReadArmoredKeyRing(&armored)
	if err != nil {
		t.Fatal(err)
	}
	return keyring
}

func TestThePublishedKeyVerifiesBothSignatures(t *testing.T) {
	inline, detached := signed(t)
	block, rest := clearsign.Decode(inline)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		t.Fatalf("InRelease is not one signed text:\n%s", inline)
	}
	if string(block.Plaintext) != release {
		t.Errorf("InRelease holds %q, not the Release file", block.Plaintext)
	}
	if _, err := block.VerifySignature(publicKeyring(t), nil); err != nil {
		t.Errorf("InRelease: %v", err)
	}
	_, err := openpgp.CheckArmoredDetachedSignature(
		publicKeyring(t), strings.NewReader(release), bytes.NewReader(detached), nil)
	if err != nil {
		t.Errorf("Release.gpg: %v", err)
	}
}

func TestAChangedReleaseFileFailsTheCheck(t *testing.T) {
	inline, _ := signed(t)
	block, _ := clearsign.Decode(bytes.Replace(inline, []byte(" 00 1"), []byte(" 01 1"), 1))
	if block == nil {
		t.Fatal("no signed text")
	}
	if _, err := block.VerifySignature(publicKeyring(t), nil); err == nil {
		t.Error("a changed text passed the check")
	}
}

func TestSigningAgainGivesTheSameBytes(t *testing.T) {
	inline, detached := signed(t)
	inlineAgain, detachedAgain := signed(t)
	if !bytes.Equal(inline, inlineAgain) || !bytes.Equal(detached, detachedAgain) {
		t.Error("two signatures of one text differ")
	}
}
