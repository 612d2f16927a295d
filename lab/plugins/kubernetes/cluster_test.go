package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// testCluster is a real API server on etcd. Of the controllers only those run that deletion needs; no scheduler and no
// kubelet: where something must become ready, the test says so itself.
type testCluster struct {
	kubeconfig string
	rest       *rest.Config
	dynamic    dynamic.Interface
	clients    kubernetes.Interface
}

// binary finds one of Kubernetes' programs: by the environment variable, or in the lab's cache.
func binary(variable, group, name string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		return path, nil
	}
	cache := os.Getenv("HOMELAB_LAB_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(base, "homelab-lab")
	}
	found, err := filepath.Glob(filepath.Join(cache, group, "*", name))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("no %s: set %s to its path, or build the lab's cache", name, variable)
	}
	return found[len(found)-1], nil
}

// startCluster starts etcd, the API server and the controllers on loopback, in a folder that goes away with them.
func startCluster(folder string) (cluster *testCluster, stop func(), err error) {
	var programs []*exec.Cmd
	stop = func() {
		for i := len(programs) - 1; i >= 0; i-- {
			_ = programs[i].Process.Kill()
			_ = programs[i].Wait()
		}
	}
	paths := map[string]string{}
	for _, wanted := range [][3]string{
		{"ETCD", "binaries-etcd", "etcd"}, {"KUBE_APISERVER", "binaries-kubernetes", "kube-apiserver"},
		{"KUBE_CONTROLLER_MANAGER", "binaries-kubernetes", "kube-controller-manager"},
	} {
		if paths[wanted[2]], err = binary(wanted[0], wanted[1], wanted[2]); err != nil {
			return nil, stop, err
		}
	}
	start := func(name string, arguments ...string) error {
		log, err := os.Create(filepath.Join(folder, name+".log"))
		if err != nil {
			return err
		}
		program := exec.Command(paths[name], arguments...)
		program.Stdout, program.Stderr = log, log
		if err := program.Start(); err != nil {
			return err
		}
		programs = append(programs, program)
		return nil
	}
	identity, err := newIdentity(folder)
	if err != nil {
		return nil, stop, err
	}
	client, peer, secure := freePort(), freePort(), freePort()
	etcd, peers := fmt.Sprintf("http://127.0.0.1:%d", client), fmt.Sprintf("http://127.0.0.1:%d", peer)
	if err := start("etcd", "--data-dir", filepath.Join(folder, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", etcd, "--advertise-client-urls", etcd, "--listen-peer-urls", peers,
		"--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers); err != nil {
		return nil, stop, err
	}
	if err := start("kube-apiserver", "--etcd-servers", etcd, "--bind-address", "127.0.0.1",
		"--secure-port", fmt.Sprint(secure), "--cert-dir", filepath.Join(folder, "serving"),
		"--client-ca-file", identity.authority, "--service-account-key-file", identity.key,
		"--service-account-signing-key-file", identity.key, "--service-account-issuer", "https://contract.test",
		"--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.96.0.0/24",
		"--disable-admission-plugins", "ServiceAccount"); err != nil {
		return nil, stop, err
	}
	cluster = &testCluster{kubeconfig: kubeconfigText(fmt.Sprintf("https://127.0.0.1:%d", secure), identity)}
	if err := cluster.connect(); err != nil {
		return nil, stop, err
	}
	path := filepath.Join(folder, "kubeconfig")
	if err := os.WriteFile(path, []byte(cluster.kubeconfig), 0o600); err != nil {
		return nil, stop, err
	}
	return cluster, stop, start("kube-controller-manager", "--kubeconfig", path, "--secure-port", "0",
		"--leader-elect=false", "--controllers", "namespace-controller,garbage-collector-controller")
}

func (c *testCluster) connect() error {
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(c.kubeconfig))
	if err != nil {
		return err
	}
	c.rest = config
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	if c.clients, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	for range 600 {
		if answer, err := c.clients.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(background()); err == nil &&
			bytes.Equal(answer, []byte("ok")) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the API server did not become ready in a minute")
}

// identity is an administrator's client certificate, with the authority that signed it, as files.
type identity struct{ authority, certificate, key string }

func newIdentity(folder string) (identity, error) {
	result := identity{
		filepath.Join(folder, "ca.crt"), filepath.Join(folder, "admin.crt"), filepath.Join(folder, "admin.key"),
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return result, err
	}
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "contract"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	administrator := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for path, template := range map[string]*x509.Certificate{result.authority: authority, result.certificate: administrator} {
		content, err := x509.CreateCertificate(rand.Reader, template, authority, &key.PublicKey, key)
		if err != nil {
			return result, err
		}
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: content}), 0o600); err != nil {
			return result, err
		}
	}
	content, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return result, err
	}
	return result, os.WriteFile(result.key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: content}), 0o600)
}

// kubeconfigText writes a kubeconfig that holds the identity itself, as kubeadm's does.
func kubeconfigText(server string, from identity) string {
	certificate, _ := os.ReadFile(from.certificate)
	key, _ := os.ReadFile(from.key)
	config := clientcmdapi.NewConfig()
	config.Clusters["contract"] = &clientcmdapi.Cluster{Server: server, InsecureSkipTLSVerify: true}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
	config.Contexts["admin@contract"] = &clientcmdapi.Context{Cluster: "contract", AuthInfo: "admin"}
	config.CurrentContext = "admin@contract"
	text, _ := clientcmd.Write(*config)
	return string(text)
}

func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// scratch is a folder for the whole run of the tests.
var scratch string

var shared *testCluster

// absent tells why there is no cluster.
var absent error

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "contract-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		scratch = folder
		cluster, stop, err := startCluster(folder)
		defer stop()
		shared, absent = cluster, err
		return m.Run()
	}())
}

// needsCluster skips a test, telling why, where the programs of a cluster are absent.
func needsCluster(t *testing.T) *testCluster {
	t.Helper()
	if absent != nil {
		t.Skipf("needs a real API server: %v", absent)
	}
	return shared
}
