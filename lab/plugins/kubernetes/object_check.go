package main

import (
	"context"
	"fmt"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// checkObject completes the inputs of an object: its name and its namespace.
func (p *plugin) checkObject(
	ctx context.Context, request *pulumirpc.CheckRequest,
) (*pulumirpc.CheckResponse, error) {
	olds, err := decode(request.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := decode(request.GetNews())
	if err != nil {
		return nil, err
	}
	news = withoutNulls(news).(map[string]any)
	kind, err := inputKind(request.GetUrn(), news)
	if err != nil {
		return nil, err
	}
	if failure := refuse(request.GetUrn(), kind, news); failure != nil {
		return nil, failure
	}
	if metadata := metadataOf(news); metadata != nil {
		if failure := giveName(metadata, olds, request); failure != nil {
			return &pulumirpc.CheckResponse{Failures: []*pulumirpc.CheckFailure{failure}}, nil
		}
		if _, given := metadata["namespace"]; !given {
			if p.hasNamespace(ctx, kind, olds) {
				metadata["namespace"] = p.cluster.namespace
			}
		}
	}
	if hook := annotation(news, annotationHelmHook); hook != "" && !p.settings.suppressHelmHookWarnings {
		p.engine.warn(request.GetUrn(), "this object is a Helm hook ("+hook+"): it is created like any other, no hook runs")
	}
	inputs, err := encode(news)
	return &pulumirpc.CheckResponse{Inputs: inputs}, err
}

// inputKind reads the kind from the inputs, which custom resources and patches need, or else from the type.
func inputKind(urn string, inputs map[string]any) (schema.GroupVersionKind, error) {
	apiVersion, _ := plain(inputs["apiVersion"]).(string)
	kind, _ := plain(inputs["kind"]).(string)
	if apiVersion == "" || kind == "" {
		return kindOfType(typeOf(urn))
	}
	return schema.FromAPIVersionAndKind(apiVersion, kind), nil
}

// refuse rejects what the stand-in, or server-side apply, can't do.
func refuse(urn string, kind schema.GroupVersionKind, inputs map[string]any) error {
	token := typeOf(urn)
	_, hasItems := inputs["items"]
	_, builtin := namespaced(kind)
	if strings.HasSuffix(kind.Kind, "List") && (builtin || hasItems) {
		return unsupported("list kinds such as " + token)
	}
	for _, component := range []string{
		"kubernetes:yaml", "kubernetes:kustomize", "kubernetes:helm.sh/v2", "kubernetes:helm.sh/v3:Chart",
		"kubernetes:helm.sh/v4",
	} {
		if strings.HasPrefix(token, component) {
			return unsupported("the type " + token)
		}
	}
	if isPatch(urn, inputs) && object(inputs["metadata"])["name"] == nil {
		return fmt.Errorf("a patch needs metadata.name: the name of the object to patch")
	}
	if object(inputs["metadata"])["generateName"] != nil {
		return fmt.Errorf("metadata.generateName is not supported with server-side apply: " +
			"leave metadata.name out to get a generated name")
	}
	return nil
}

// giveName keeps the name that was generated before, or generates one for an object without a name.
func giveName(metadata, olds map[string]any, request *pulumirpc.CheckRequest) *pulumirpc.CheckFailure {
	if name, given := metadata["name"]; given && name != "" {
		return nil
	}
	annotations, ok := unwrap(metadata["annotations"]).(map[string]any)
	if !ok {
		if metadata["annotations"] != nil {
			return nil // not known yet: named once it is
		}
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	name := nameOf(request.GetUrn()) + "-" + suffix(request.GetRandomSeed())
	if annotation(olds, annotationAutonamed) == "true" && field(olds, "name") != "" {
		name = field(olds, "name")
	} else if autonaming := request.GetAutonaming(); autonaming != nil {
		switch autonaming.GetMode() {
		case pulumirpc.CheckRequest_AutonamingOptions_DISABLE:
			return &pulumirpc.CheckFailure{
				Property: "metadata.name", Reason: "automatic names are switched off: give the object a name",
			}
		default:
			if autonaming.GetProposedName() != "" {
				name = autonaming.GetProposedName()
			}
		}
	}
	metadata["name"] = name
	annotations[annotationAutonamed] = "true"
	return nil
}

// hasNamespace tells whether objects of a kind live in namespaces. Of a custom kind the cluster knows; while it can't be
// asked, what was true in the last run stays, and a new one counts as namespaced until it is created.
func (p *plugin) hasNamespace(ctx context.Context, kind schema.GroupVersionKind, olds map[string]any) bool {
	result, known := namespaced(kind)
	if known {
		return result
	}
	if p.cluster.reach(ctx) == nil {
		if found, err := p.cluster.mapping(kind); err == nil {
			return found.Scope.Name() == meta.RESTScopeNameNamespace
		}
	}
	return len(olds) == 0 || field(olds, "namespace") != ""
}
