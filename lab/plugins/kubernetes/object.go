package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The annotations by which a program steers this plugin, as documented for the released one.
const (
	annotationAutonamed    = "pulumi.com/autonamed"
	annotationSkipAwait    = "pulumi.com/skipAwait"
	annotationTimeout      = "pulumi.com/timeoutSeconds"
	annotationPatchForce   = "pulumi.com/patchForce"
	annotationPatchManager = "pulumi.com/patchFieldManager"
	annotationPropagation  = "pulumi.com/deletionPropagationPolicy"
	annotationLastApplied  = "kubectl.kubernetes.io/last-applied-configuration"
	annotationHelmHook     = "helm.sh/hook"
)

// kindOfType reads the Kubernetes kind of a resource type such as kubernetes:apps/v1:Deployment or, for a custom
// resource, kubernetes:cilium.io/v2:CiliumNode.
func kindOfType(token string) (schema.GroupVersionKind, error) {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return schema.GroupVersionKind{}, fmt.Errorf("%q is not a Kubernetes resource type", token)
	}
	apiVersion := strings.TrimPrefix(parts[1], "core/")
	groupVersion, err := schema.ParseGroupVersion(apiVersion)
	return groupVersion.WithKind(parts[2]), err
}

// isPatch tells whether a resource manages only some fields of an object that somebody else owns: its type is called
// after the object's kind with Patch behind it.
func isPatch(urn string, inputs map[string]any) bool {
	kind, _ := plain(inputs["kind"]).(string)
	return kind != "" && strings.HasSuffix(typeOf(urn), ":"+kind+"Patch")
}

// manifest makes the Kubernetes object of some inputs: no secrets' wrappers, no nulls, the API's spelling of keys.
func manifest(inputs map[string]any) *unstructured.Unstructured {
	object := renameKeys(withoutNulls(plain(inputs)), kubernetesInPulum, kubernetesDash).(map[string]any)
	return &unstructured.Unstructured{Object: object}
}

// metadataOf gives the metadata of inputs to read and write, or nil when it is not known yet. Absent metadata is added.
func metadataOf(inputs map[string]any) map[string]any {
	switch typed := unwrap(inputs["metadata"]).(type) {
	case map[string]any:
		return typed
	case nil:
		metadata := map[string]any{}
		inputs["metadata"] = metadata
		return metadata
	default:
		return nil
	}
}

// annotation reads one annotation; unknown and absent ones are empty.
func annotation(inputs map[string]any, name string) string {
	text, _ := object(object(inputs["metadata"])["annotations"])[name].(string)
	return text
}

// field reads a text of the metadata; unknown and absent ones are empty.
func field(inputs map[string]any, name string) string {
	text, _ := object(inputs["metadata"])[name].(string)
	return text
}

// objectID is NAMESPACE/NAME, or NAME for cluster-wide kinds.
func objectID(live *unstructured.Unstructured) string {
	if live.GetNamespace() == "" {
		return live.GetName()
	}
	return live.GetNamespace() + "/" + live.GetName()
}

func parseID(id string) (namespace, name string) {
	if before, after, found := strings.Cut(id, "/"); found {
		return before, after
	}
	return "", id
}

// describe names an object in messages: Deployment web/app.
func describe(live *unstructured.Unstructured) string { return live.GetKind() + " " + objectID(live) }

// suffix gives eight hexadecimal digits, the same for the same seed.
func suffix(seed []byte) string {
	if len(seed) == 0 {
		seed = make([]byte, 16)
		_, _ = rand.Read(seed) // never fails
	}
	sum := sha256.Sum256(seed)
	return hex.EncodeToString(sum[:4])
}

// fieldManager tells under which name the server keeps this resource's fields: what the program asks for, or the name
// kept in the state, or a new one.
func fieldManager(inputs, state map[string]any) string {
	if name := annotation(inputs, annotationPatchManager); name != "" {
		return name
	}
	if name, ok := plain(state[propertyManager]).(string); ok && name != "" {
		return name
	}
	return "pulumi-kubernetes-" + suffix(nil)
}

// objectState makes the outputs of a resource from the live object: the object itself, with what is secret in the
// inputs secret again, and what later steps need.
func objectState(inputs map[string]any, live *unstructured.Unstructured, manager string) (map[string]any, error) {
	copied := live.DeepCopy()
	copied.SetManagedFields(nil)
	if isSecretKind(copied) {
		unstructured.RemoveNestedField(copied.Object, "metadata", "annotations", annotationLastApplied)
	}
	state, err := canonical(copied.Object)
	if err != nil {
		return nil, err
	}
	state = renameKeys(state, kubernetesDash, kubernetesInPulum).(map[string]any)
	markSecrets(state, inputs)
	if isSecretKind(live) {
		for _, name := range []string{"data", "stringData"} {
			if value, present := state[name]; present {
				state[name] = secret{plain(value)}
			}
		}
	}
	state[propertyInputs] = inputs
	state[propertyVersion] = plain(inputs["apiVersion"])
	state[propertyManager] = manager
	return state, nil
}

func isSecretKind(live *unstructured.Unstructured) bool {
	return live.GetAPIVersion() == "v1" && live.GetKind() == "Secret"
}

// lastInputs are the inputs of the previous run: what the engine sends, or what the state keeps.
func lastInputs(sent, state map[string]any) map[string]any {
	if len(sent) > 0 {
		return sent
	}
	kept, _ := unwrap(state[propertyInputs]).(map[string]any)
	return kept
}

// The built-in groups besides those that end in .k8s.io, and their cluster-wide kinds. They answer whether a kind has
// namespaces while no cluster can be asked.
var builtinGroups = []string{"", "apps", "autoscaling", "batch", "extensions", "policy"}

var clusterWideKinds = []string{
	"APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
	"ClusterTrustBundle", "ComponentStatus", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IPAddress",
	"IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
	"Namespace", "Node", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice",
	"RuntimeClass", "ServiceCIDR", "StorageClass", "StorageVersion", "StorageVersionMigration",
	"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
	"VolumeAttachment", "VolumeAttributesClass",
}

// namespaced tells whether a kind has namespaces; known is false for custom kinds of which only the cluster can tell.
func namespaced(kind schema.GroupVersionKind) (result, known bool) {
	if !slices.Contains(builtinGroups, kind.Group) && !strings.HasSuffix(kind.Group, ".k8s.io") {
		return true, false
	}
	return !slices.Contains(clusterWideKinds, kind.Kind), true
}
