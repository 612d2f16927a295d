package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/registry"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// helmGetter lets Helm use the provider's connection, with a release's namespace as the default one.
type helmGetter struct {
	cluster   *cluster
	namespace string
}

func (g helmGetter) ToRESTConfig() (*rest.Config, error) { return g.cluster.rest, nil }

func (g helmGetter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.cluster.discovery, nil
}

func (g helmGetter) ToRESTMapper() (meta.RESTMapper, error) { return g.cluster.mapper, nil }

func (g helmGetter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return namespacedConfig{g.cluster.config, g.namespace}
}

// baseConfig has a name of its own because the interface has a method called like itself.
type baseConfig = clientcmd.ClientConfig

type namespacedConfig struct {
	baseConfig
	namespace string
}

func (c namespacedConfig) Namespace() (string, bool, error) { return c.namespace, true, nil }

// helm prepares Helm's actions for a namespace. What Helm logs may hold values, so nobody sees it.
func (p *plugin) helm(namespace string) (*action.Configuration, error) {
	configuration := &action.Configuration{}
	err := configuration.Init(helmGetter{p.cluster, namespace}, namespace,
		cmp.Or(p.settings.helm.Driver, os.Getenv("PULUMI_K8S_HELM_DRIVER"), "secret"), func(string, ...any) {})
	return configuration, err
}

// helmSettings are the places of Helm's caches and logins: the user's own unless the provider says otherwise.
func (p *plugin) helmSettings() *cli.EnvSettings {
	result := cli.New()
	given := p.settings.helm
	result.PluginsDirectory = cmp.Or(given.PluginsPath, result.PluginsDirectory)
	result.RegistryConfig = cmp.Or(given.RegistryConfigPath, result.RegistryConfig)
	result.RepositoryCache = cmp.Or(given.RepositoryCache, result.RepositoryCache)
	result.RepositoryConfig = cmp.Or(given.RepositoryConfigPath, result.RepositoryConfig)
	return result
}

// loadChart finds a release's chart: a folder, a packaged file, a name in a repository, or an oci:// reference.
func (p *plugin) loadChart(spec releaseSpec) (*chart.Chart, error) {
	settings := p.helmSettings()
	configuration := &action.Configuration{}
	if registry.IsOCI(spec.Chart) {
		client, err := registry.NewClient(
			registry.ClientOptCredentialsFile(settings.RegistryConfig), registry.ClientOptEnableCache(true))
		if err != nil {
			return nil, err
		}
		configuration.RegistryClient = client
	}
	options := action.NewInstall(configuration).ChartPathOptions
	options.RepoURL, options.Version = spec.Repository.Repo, spec.Version
	options.CaFile, options.CertFile, options.KeyFile =
		spec.Repository.CAFile, spec.Repository.CertFile, spec.Repository.KeyFile
	options.Username, options.Password = spec.Repository.Username, spec.Repository.Password
	options.Verify, options.Keyring = spec.Verify, spec.Keyring
	if spec.Version == "" && spec.Devel {
		options.Version = ">0.0.0-0"
	}
	path, err := options.LocateChart(spec.Chart, settings)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return nil, fmt.Errorf("chart %s is a %s chart: it can't be installed", loaded.Name(), kind)
	}
	if err := action.CheckDependencies(loaded, loaded.Metadata.Dependencies); err != nil {
		return nil, errors.Join(err, errors.New("package the chart with its dependencies"))
	}
	return loaded, nil
}
