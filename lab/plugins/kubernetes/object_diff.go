package main

import (
	"maps"
	"regexp"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// diffObject compares the inputs of the last run, which a refresh brings up to date with the cluster, with the new ones.
func (p *plugin) diffObject(request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	state, err := decode(request.GetOlds())
	if err != nil {
		return nil, err
	}
	sent, err := decode(request.GetOldInputs())
	if err != nil {
		return nil, err
	}
	news, err := decode(request.GetNews())
	if err != nil {
		return nil, err
	}
	olds := withoutNulls(plain(lastInputs(sent, state))).(map[string]any)
	news = withoutNulls(plain(news)).(map[string]any)
	alignNamespace(olds, news, state)
	changes := withoutIgnored(differences(olds, news), request.GetIgnoreChanges())
	immutable := p.immutableFields(news)
	if isPatch(request.GetUrn(), news) {
		immutable = identityFields
	}
	response := answer(changes, func(path string) bool {
		place := listIndex.ReplaceAllString(path, "[*]")
		return slices.ContainsFunc(immutable, func(field string) bool { return within(place, field) })
	})
	// An object that must keep its name has to go before its successor can come.
	response.DeleteBeforeReplace = len(response.Replaces) > 0 &&
		annotation(news, annotationAutonamed) != "true" &&
		field(news, "name") == field(state, "name") && field(news, "namespace") == field(state, "namespace")
	return response, nil
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// alignNamespace keeps a namespace that means nothing, or goes without saying, from showing as a change.
func alignNamespace(olds, news, state map[string]any) {
	live := field(state, "namespace")
	if live == "" && field(state, "name") != "" { // a cluster-wide kind
		for _, inputs := range []map[string]any{olds, news} {
			if metadata := metadataOf(inputs); metadata != nil {
				delete(metadata, "namespace")
			}
		}
		return
	}
	for _, inputs := range []map[string]any{olds, news} {
		if metadata := metadataOf(inputs); metadata != nil && metadata["namespace"] == nil {
			metadata["namespace"] = "default"
		}
	}
}

var identityFields = []string{"metadata.name", "metadata.namespace"}

// The fields that the API server refuses to change, by kind, and those that the released plugin treats so: changing
// them means a new object. Source: the validation of updates in kubernetes/pkg/apis, and the released plugin's
// documentation for ConfigMap and Secret.
var immutableByKind = map[string][]string{
	"DaemonSet":          {"spec.selector"},
	"Deployment":         {"spec.selector"},
	"StatefulSet":        {"spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates", "spec.revisionHistoryLimit"},
	"Job":                {"spec.selector", "spec.template", "spec.completions", "spec.parallelism"},
	"RoleBinding":        {"roleRef"},
	"ClusterRoleBinding": {"roleRef"},
	"StorageClass":       {"parameters", "provisioner"},
	"ResourceQuota":      {"spec.scopes"},
	"Service":            {"spec.clusterIP"},
	"PersistentVolumeClaim": {
		"spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName",
	},
}

// mutablePod lists what may change in a pod's spec.
var mutablePod = []string{
	"spec.containers[*].image", "spec.initContainers[*].image", "spec.activeDeadlineSeconds", "spec.tolerations",
}

// volumeSettings lists what may change in a PersistentVolume's spec; the rest says where the data lies.
var volumeSettings = []string{
	"spec.capacity", "spec.accessModes", "spec.persistentVolumeReclaimPolicy", "spec.claimRef", "spec.mountOptions",
	"spec.storageClassName", "spec.nodeAffinity", "spec.volumeMode", "spec.volumeAttributesClassName",
}

func (p *plugin) immutableFields(inputs map[string]any) []string {
	kind, err := inputKind("", inputs)
	if err != nil {
		return identityFields
	}
	if _, builtin := namespaced(kind); !builtin {
		return identityFields
	}
	sealed := plain(inputs["immutable"]) == true
	fields := slices.Clone(identityFields)
	switch kind.Kind {
	case "ConfigMap":
		if sealed || !p.settings.configMapMutable {
			fields = append(fields, "data", "binaryData")
		}
	case "Secret":
		fields = append(fields, "type")
		if sealed || !p.settings.secretMutable {
			fields = append(fields, "data", "stringData")
		}
	case "Pod":
		fields = append(fields, othersThan(inputs, mutablePod)...)
	case "PersistentVolume":
		fields = append(fields, othersThan(inputs, volumeSettings)...)
	default:
		fields = append(fields, immutableByKind[kind.Kind]...)
	}
	return fields
}

// othersThan lists the fields of spec, and for pods of its containers, that are not among the given ones.
func othersThan(inputs map[string]any, mutable []string) []string {
	var fields []string
	for name := range maps.Keys(object(inputs["spec"])) {
		path := "spec." + name
		if slices.Contains(mutable, path) {
			continue
		}
		if name != "containers" && name != "initContainers" {
			fields = append(fields, path)
			continue
		}
		for _, inner := range containerFields {
			fields = append(fields, path+"[*]."+inner)
		}
	}
	return fields
}

var containerFields = []string{
	"name", "args", "command", "env", "envFrom", "imagePullPolicy", "lifecycle", "livenessProbe", "ports",
	"readinessProbe", "resources", "securityContext", "startupProbe", "stdin", "stdinOnce", "tty", "volumeDevices",
	"volumeMounts", "workingDir",
}
