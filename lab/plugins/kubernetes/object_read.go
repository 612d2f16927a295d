package main

import (
	"context"
	"fmt"
	"reflect"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// readObject refreshes an object, or imports one when there is no state. An object that is gone gives an empty id.
func (p *plugin) readObject(ctx context.Context, request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	state, err := decode(request.GetProperties())
	if err != nil {
		return nil, err
	}
	sent, err := decode(request.GetInputs())
	if err != nil {
		return nil, err
	}
	inputs := lastInputs(sent, state)
	wanted, err := wantedObject(request, inputs, state)
	if err != nil {
		return nil, err
	}
	resource, err := p.cluster.resource(wanted)
	var live *unstructured.Unstructured
	if err == nil {
		live, err = resource.Get(ctx, wanted.GetName(), metav1.GetOptions{})
	}
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return &pulumirpc.ReadResponse{}, nil
	case err != nil:
		return nil, err
	}
	now, err := canonical(live.Object)
	if err != nil {
		return nil, err
	}
	now = renameKeys(now, kubernetesDash, kubernetesInPulum).(map[string]any)
	if len(inputs) == 0 {
		inputs = importedInputs(now)
	} else {
		inputs = withDrift(inputs, plain(state), now).(map[string]any)
	}
	outputs, err := objectState(inputs, live, fieldManager(inputs, state))
	if err != nil {
		return nil, err
	}
	properties, err := encode(outputs)
	if err != nil {
		return nil, err
	}
	encoded, err := encode(inputs)
	return &pulumirpc.ReadResponse{Id: request.GetId(), Properties: properties, Inputs: encoded}, err
}

// wantedObject is the identity of the object to read.
func wantedObject(
	request *pulumirpc.ReadRequest, inputs, state map[string]any,
) (*unstructured.Unstructured, error) {
	namespace, name := parseID(request.GetId())
	if name == "" {
		return nil, fmt.Errorf("%q is no id of an object: it is NAMESPACE/NAME, or NAME for cluster-wide kinds",
			request.GetId())
	}
	source := inputs
	if source["kind"] == nil {
		source = state
	}
	kind, err := inputKind(request.GetUrn(), source)
	if err != nil {
		return nil, err
	}
	wanted := &unstructured.Unstructured{Object: map[string]any{}}
	wanted.SetGroupVersionKind(kind)
	wanted.SetName(name)
	wanted.SetNamespace(namespace)
	return wanted, nil
}

// withDrift gives the inputs as the cluster has them now: each value that changed in the cluster since the last run is
// replaced by the live one, every other keeps the program's spelling.
func withDrift(input, before, now any) any {
	switch typed := input.(type) {
	case secret:
		return secret{withDrift(typed.value, before, now)}
	case map[string]any:
		old, oldIsObject := before.(map[string]any)
		live, liveIsObject := now.(map[string]any)
		if !oldIsObject || !liveIsObject {
			break
		}
		result := map[string]any{}
		for key, value := range typed {
			_, was := old[key]
			_, is := live[key]
			switch {
			case is:
				result[key] = withDrift(value, old[key], live[key])
			case !was: // write-only fields, such as a Secret's stringData
				result[key] = value
			}
		}
		return result
	case []any:
		old, oldIsList := before.([]any)
		live, liveIsList := now.([]any)
		if !oldIsList || !liveIsList || len(typed) != len(live) || len(old) != len(live) {
			break
		}
		result := make([]any, len(typed))
		for i, value := range typed {
			result[i] = withDrift(value, old[i], live[i])
		}
		return result
	}
	if before == nil || reflect.DeepEqual(before, now) {
		return input
	}
	return now
}

// importedInputs are the inputs of an object that was not made by Pulumi: everything but what the server itself sets.
func importedInputs(live map[string]any) map[string]any {
	inputs := plainMap(live)
	delete(inputs, "status")
	metadata := object(inputs["metadata"])
	for _, name := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink"} {
		delete(metadata, name)
	}
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		delete(annotations, annotationLastApplied)
		delete(annotations, "deployment.kubernetes.io/revision")
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
	inputs["metadata"] = metadata
	if live["kind"] == "Secret" && live["apiVersion"] == "v1" && inputs["data"] != nil {
		inputs["data"] = secret{inputs["data"]}
	}
	return inputs
}
