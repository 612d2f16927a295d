package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// defaultHelmWait is Helm's own limit for one operation, in seconds.
const defaultHelmWait = 300

// releaseSpec is what a program says of a Helm release: the inputs of kubernetes:helm.sh/v3:Release.
type releaseSpec struct {
	Name                     string         `json:"name"`
	Namespace                string         `json:"namespace"`
	Chart                    string         `json:"chart"`
	Version                  string         `json:"version"`
	Repository               repositorySpec `json:"repositoryOpts"`
	Values                   map[string]any `json:"values"`
	Description              string         `json:"description"`
	Keyring                  string         `json:"keyring"`
	Timeout                  float64        `json:"timeout"`
	MaxHistory               float64        `json:"maxHistory"`
	Atomic                   bool           `json:"atomic"`
	CleanupOnFail            bool           `json:"cleanupOnFail"`
	CreateNamespace          bool           `json:"createNamespace"`
	Devel                    bool           `json:"devel"`
	DisableHooks             bool           `json:"disableWebhooks"`
	DisableCRDHooks          bool           `json:"disableCRDHooks"`
	DisableOpenAPIValidation bool           `json:"disableOpenapiValidation"`
	ForceUpdate              bool           `json:"forceUpdate"`
	RecreatePods             bool           `json:"recreatePods"`
	SubchartNotes            bool           `json:"renderSubchartNotes"`
	Replace                  bool           `json:"replace"`
	ResetValues              bool           `json:"resetValues"`
	ReuseValues              bool           `json:"reuseValues"`
	SkipAwait                bool           `json:"skipAwait"`
	SkipCRDs                 bool           `json:"skipCrds"`
	TakeOwnership            bool           `json:"takeOwnership"`
	Verify                   bool           `json:"verify"`
	WaitForJobs              bool           `json:"waitForJobs"`
}

// repositorySpec tells where a chart that is given by name comes from.
type repositorySpec struct {
	Repo     string `json:"repo"`
	CAFile   string `json:"caFile"`
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// limit is the time one Helm operation may take.
func (s releaseSpec) limit() time.Duration {
	if s.Timeout <= 0 {
		return defaultHelmWait * time.Second
	}
	return time.Duration(s.Timeout * float64(time.Second))
}

// refusedInputs need the released plugin.
var refusedInputs = []string{"valueYamlFiles", "dependencyUpdate", "postrender", "lint"}

// readSpec reads the inputs of a release. Values that are not known yet are left out.
func readSpec(inputs map[string]any) (releaseSpec, error) {
	var spec releaseSpec
	for _, name := range refusedInputs {
		switch value := unwrap(inputs[name]).(type) {
		case nil:
		case bool:
			if value {
				return spec, unsupported("the input " + name + " of a Helm release")
			}
		case string:
			if value != "" {
				return spec, unsupported("the input " + name + " of a Helm release")
			}
		default:
			return spec, unsupported("the input " + name + " of a Helm release")
		}
	}
	known := knownOnly(plain(inputs)).(map[string]any)
	for _, name := range refusedInputs {
		delete(known, name)
	}
	// A chart sees values exactly as they are here: null, for one, takes a default away.
	values, _ := known["values"].(map[string]any)
	delete(known, "values")
	text, err := json.Marshal(known)
	if err != nil {
		return spec, err
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return spec, fmt.Errorf("%s must be a %s, not a %s", wrong.Field, wrong.Type, wrong.Value)
		}
		return spec, err
	}
	spec.Values = values
	return spec, nil
}

// knownOnly leaves out object fields whose value is not known yet.
func knownOnly(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		result := map[string]any{}
		for key, item := range typed {
			if item != (unknown{}) {
				result[key] = knownOnly(item)
			}
		}
		return result
	case []any:
		result := make([]any, 0, len(typed))
		for _, item := range typed {
			result = append(result, knownOnly(item))
		}
		return result
	default:
		return value
	}
}

// releaseState makes the outputs of a release: its inputs, what Helm says of it, and the names of what it made.
func releaseState(inputs map[string]any, live *release.Release) map[string]any {
	state := maps.Clone(inputs)
	state[propertyInputs] = secret{inputs}
	if live == nil {
		state["status"], state["resourceNames"] = unknown{}, unknown{}
		return state
	}
	status := map[string]any{
		"name": live.Name, "namespace": live.Namespace, "revision": float64(live.Version), "status": string(live.Info.Status),
	}
	if live.Chart != nil && live.Chart.Metadata != nil {
		status["chart"] = live.Chart.Metadata.Name
		status["version"] = live.Chart.Metadata.Version
		if live.Chart.Metadata.AppVersion != "" {
			status["appVersion"] = live.Chart.Metadata.AppVersion
		}
	}
	state["status"] = status
	state["resourceNames"] = resourceNames(live.Manifest)
	return state
}

// resourceNames groups the names of a release's objects by their kind, such as Deployment.apps/apps/v1.
func resourceNames(manifest string) map[string]any {
	names := map[string][]string{}
	for _, document := range releaseutil.SplitManifests(manifest) {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Metadata   struct{ Name, Namespace string }
		}
		if yaml.Unmarshal([]byte(document), &head) != nil || head.Kind == "" {
			continue
		}
		kind := head.Kind
		if group, _, found := strings.Cut(head.APIVersion, "/"); found {
			kind += "." + group
		}
		name := head.Metadata.Name
		if head.Metadata.Namespace != "" {
			name = head.Metadata.Namespace + "/" + name
		}
		names[kind+"/"+head.APIVersion] = append(names[kind+"/"+head.APIVersion], name)
	}
	result := map[string]any{}
	for kind, list := range names {
		slices.Sort(list)
		items := make([]any, 0, len(list))
		for _, name := range slices.Compact(list) {
			items = append(items, name)
		}
		result[kind] = items
	}
	return result
}
