package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	reachSeconds = 10
	// retryReach is how long a failed attempt counts, so that a preview of many resources waits once.
	retryReach = 30 * time.Second
)

// cluster is the connection to one Kubernetes cluster, made when first needed.
type cluster struct {
	config    clientcmd.ClientConfig
	namespace string
	rest      *rest.Config
	dynamic   dynamic.Interface
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
	// broken tells why there can be no connection at all.
	broken error

	mutex   sync.Mutex
	reached bool
	failure error
	failed  time.Time
}

// unconfigured is a cluster whose address is not known yet.
func unconfigured() *cluster {
	return &cluster{broken: errors.New("the cluster's kubeconfig is not known yet"), namespace: "default"}
}

func newCluster(from settings) *cluster {
	result := &cluster{namespace: "default"}
	config, err := loadKubeconfig(from.kubeconfig)
	if err != nil {
		result.broken = err
		return result
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: from.context}
	overrides.Context.Cluster = from.clusterName
	overrides.Context.Namespace = from.namespace
	result.config = clientcmd.NewDefaultClientConfig(*config, overrides)
	if namespace, _, err := result.config.Namespace(); err == nil && namespace != "" {
		result.namespace = namespace
	}
	if result.rest, err = result.config.ClientConfig(); err != nil {
		// The text of this error may quote the kubeconfig.
		result.broken = errors.New("the kubeconfig selects no usable cluster: check its contexts, clusters and users")
		return result
	}
	result.rest.WarningHandler = rest.NoWarnings{}
	result.rest.UserAgent = "pulumi-kubernetes"
	result.rest.Burst, result.rest.QPS = 120, 50
	if from.client.Burst != nil {
		result.rest.Burst = *from.client.Burst
	}
	if from.client.QPS != nil {
		result.rest.QPS = float32(*from.client.QPS)
	}
	if from.client.Timeout != nil {
		result.rest.Timeout = time.Duration(*from.client.Timeout) * time.Second
	}
	result.connect()
	return result
}

func (c *cluster) connect() {
	client, err := discovery.NewDiscoveryClientForConfig(c.rest)
	if err == nil {
		c.discovery = memory.NewMemCacheClient(client)
		c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(c.discovery)
		c.dynamic, err = dynamic.NewForConfig(c.rest)
	}
	if err != nil {
		c.broken = errors.New("the kubeconfig's certificates or keys can't be used")
	}
}

// loadKubeconfig takes the text of a kubeconfig, a path of one, or, when empty, what kubectl would use. Errors never
// quote the text.
func loadKubeconfig(textOrPath string) (*clientcmdapi.Config, error) {
	if textOrPath == "" {
		config, err := clientcmd.NewDefaultClientConfigLoadingRules().Load()
		if err != nil {
			return nil, errors.New("the ambient kubeconfig (KUBECONFIG or ~/.kube/config) can't be read")
		}
		return config, nil
	}
	text := []byte(textOrPath)
	if !strings.ContainsAny(textOrPath, "\n{") {
		path := textOrPath
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(os.Getenv("HOME"), rest)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, errors.New("the kubeconfig is neither a kubeconfig's text nor the path of a readable file")
		}
		text = content
	}
	config, err := clientcmd.Load(text)
	if err != nil {
		return nil, errors.New("the kubeconfig can't be parsed")
	}
	return config, nil
}

// reach makes sure that the API server answers. A success counts for the rest of the run.
func (c *cluster) reach(ctx context.Context) error {
	if c.broken != nil {
		return fmt.Errorf("configured Kubernetes cluster is unreachable: %w", c.broken)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.reached {
		return nil
	}
	if c.failure != nil && time.Since(c.failed) < retryReach {
		return c.failure
	}
	short := rest.CopyConfig(c.rest)
	short.Timeout = reachSeconds * time.Second
	client, err := discovery.NewDiscoveryClientForConfig(short)
	if err == nil {
		_, err = client.RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	}
	if err != nil {
		c.failure = fmt.Errorf("configured Kubernetes cluster is unreachable: %s: %w", c.rest.Host, err)
		c.failed = time.Now()
		return c.failure
	}
	c.reached = true
	return nil
}

// mapping finds the API of a kind. A kind that isn't there is looked up afresh once: its definition may be new.
func (c *cluster) mapping(kind schema.GroupVersionKind) (*meta.RESTMapping, error) {
	found, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		c.mapper.Reset()
		found, err = c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	return found, err
}

// resource gives the client for one object's kind and namespace. An object of a cluster-wide kind loses its namespace.
func (c *cluster) resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	found, err := c.mapping(object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if found.Scope.Name() == meta.RESTScopeNameRoot {
		unstructured.RemoveNestedField(object.Object, "metadata", "namespace")
		return c.dynamic.Resource(found.Resource), nil
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(c.namespace)
	}
	return c.dynamic.Resource(found.Resource).Namespace(object.GetNamespace()), nil
}
