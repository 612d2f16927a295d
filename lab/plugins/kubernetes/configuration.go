package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// settings are the provider's options. Each may come from the provider or from an environment variable.
type settings struct {
	kubeconfig, context, clusterName, namespace  string
	serverSideApply                              bool
	deleteUnreachable, skipUpdateUnreachable     bool
	patchForce, upsert                           bool
	configMapMutable, secretMutable              bool
	suppressHelmHookWarnings, suppressDeprecated bool
	helm                                         helmSettings
	client                                       clientSettings
}

// helmSettings is the provider option helmReleaseSettings.
type helmSettings struct {
	Driver                   string `json:"driver"`
	PluginsPath              string `json:"pluginsPath"`
	RegistryConfigPath       string `json:"registryConfigPath"`
	RepositoryCache          string `json:"repositoryCache"`
	RepositoryConfigPath     string `json:"repositoryConfigPath"`
	SuppressBetaWarning      bool   `json:"suppressBetaWarning"`
	SuppressHelmHookWarnings bool   `json:"suppressHelmHookWarnings"`
}

// clientSettings is the provider option kubeClientSettings; the timeout is in seconds.
type clientSettings struct {
	Burst   *int     `json:"burst"`
	QPS     *float64 `json:"qps"`
	Timeout *int     `json:"timeout"`
}

// Configure takes the provider's options. It doesn't reach for the cluster: the first step that needs it does.
func (p *plugin) Configure(
	_ context.Context, request *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	options, undecided, err := readOptions(request)
	if err != nil {
		return nil, err
	}
	if options["renderYamlToDirectory"] != "" {
		return nil, unsupported("renderYamlToDirectory")
	}
	if p.settings, err = newSettings(options); err != nil {
		return nil, err
	}
	if !p.settings.serverSideApply {
		return nil, unsupported("enableServerSideApply: false")
	}
	p.cluster = newCluster(p.settings)
	if undecided {
		p.cluster = unconfigured()
	}
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets: true, SupportsPreview: true, SupportsAutonamingConfiguration: true,
	}, nil
}

// readOptions gathers the options as texts. The SDK sends everything but plain texts as JSON; the engine gives them
// twice, as variables named kubernetes:config:NAME and as arguments. undecided tells that the connection to the cluster
// depends on a value that is not known yet.
func readOptions(request *pulumirpc.ConfigureRequest) (options map[string]string, undecided bool, err error) {
	arguments, err := decode(request.GetArgs())
	if err != nil {
		return nil, false, fmt.Errorf("reading the provider's options: %w", err)
	}
	options = map[string]string{}
	for name, value := range arguments {
		switch typed := unwrap(value).(type) {
		case unknown:
			undecided = undecided || isConnection(name)
		case string:
			options[name] = typed
		case nil:
		default:
			if hasUnknown(typed) {
				undecided = undecided || isConnection(name)
				continue
			}
			text, err := json.Marshal(plain(typed))
			if err != nil {
				return nil, false, fmt.Errorf("reading the provider's option %s: %w", name, err)
			}
			options[name] = string(text)
		}
	}
	const prefix = "kubernetes:config:"
	for name, value := range request.GetVariables() {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			if isUnknownMarker(value) {
				undecided = undecided || isConnection(name[len(prefix):])
				continue
			}
			options[name[len(prefix):]] = value
		}
	}
	return options, undecided, nil
}

func isConnection(name string) bool {
	return name == "kubeconfig" || name == "context" || name == "cluster"
}

func isUnknownMarker(text string) bool {
	for _, marker := range unknownMarkers {
		if text == marker {
			return true
		}
	}
	return false
}

func newSettings(options map[string]string) (settings, error) {
	flag := func(name, variable string, fallback bool) bool {
		if value, ok := options[name]; ok && value != "" {
			return value == "true"
		}
		if value, ok := os.LookupEnv(variable); ok {
			enabled, err := strconv.ParseBool(value)
			return err == nil && enabled
		}
		return fallback
	}
	result := settings{
		kubeconfig:               options["kubeconfig"],
		context:                  options["context"],
		clusterName:              options["cluster"],
		namespace:                options["namespace"],
		serverSideApply:          flag("enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true),
		deleteUnreachable:        flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", false),
		skipUpdateUnreachable:    flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", false),
		patchForce:               flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", false),
		upsert:                   flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", false),
		configMapMutable:         flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", false),
		secretMutable:            flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE", false),
		suppressHelmHookWarnings: flag("suppressHelmHookWarnings", "PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS", false),
		suppressDeprecated:       flag("suppressDeprecationWarnings", "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS", false),
	}
	for name, target := range map[string]any{
		"helmReleaseSettings": &result.helm, "kubeClientSettings": &result.client,
	} {
		if text := options[name]; text != "" && text != "null" {
			if err := json.Unmarshal([]byte(text), target); err != nil {
				return settings{}, fmt.Errorf("the provider's option %s is not valid: %w", name, err)
			}
		}
	}
	return result, nil
}
