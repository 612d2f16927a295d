package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// deleteObject deletes an object and waits until it is gone. A patch only gives up its fields.
func (p *plugin) deleteObject(ctx context.Context, request *pulumirpc.DeleteRequest) error {
	state, err := decode(request.GetProperties())
	if err != nil {
		return err
	}
	inputs := lastInputs(nil, state)
	namespace, name := parseID(request.GetId())
	kind, err := inputKind(request.GetUrn(), state)
	if err != nil {
		return err
	}
	identity := &unstructured.Unstructured{Object: map[string]any{}}
	identity.SetGroupVersionKind(kind)
	identity.SetName(name)
	identity.SetNamespace(namespace)
	resource, err := p.cluster.resource(identity)
	if meta.IsNoMatchError(err) {
		return nil // the definition is gone, and so are its objects
	}
	if err != nil {
		return err
	}
	if isPatch(request.GetUrn(), state) {
		return giveUpFields(ctx, resource, identity, fieldManager(inputs, state))
	}
	propagation := metav1.DeletePropagationForeground
	switch choice := annotation(inputs, annotationPropagation); strings.ToLower(choice) {
	case "background":
		propagation = metav1.DeletePropagationBackground
	case "orphan":
		propagation = metav1.DeletePropagationOrphan
	}
	err = resource.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &propagation})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || annotation(inputs, annotationSkipAwait) == "true" {
		return err
	}
	return p.awaitGone(ctx, request.GetUrn(), resource, identity, waitLimit(request.GetTimeout(), inputs))
}

// giveUpFields applies nothing but the identity under the patch's name: the server then drops what only it held.
func giveUpFields(
	ctx context.Context, resource dynamic.ResourceInterface, identity *unstructured.Unstructured, manager string,
) error {
	if _, err := resource.Get(ctx, identity.GetName(), metav1.GetOptions{}); apierrors.IsNotFound(err) {
		return nil // applying would create it
	} else if err != nil {
		return err
	}
	text, err := identity.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = resource.Patch(ctx, identity.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{FieldManager: manager})
	return err
}

func (p *plugin) awaitGone(
	ctx context.Context, urn string, resource dynamic.ResourceInterface, identity *unstructured.Unstructured,
	limit time.Duration,
) error {
	holding := ""
	err := poll(ctx, limit, func(ctx context.Context) (bool, error) {
		live, err := resource.Get(ctx, identity.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		if err == nil {
			holding = deletionState(live)
			p.engine.progress(urn, "waiting until it is gone; "+holding)
		}
		return false, nil // a failed read says nothing: ask again
	})
	if err != nil {
		return fmt.Errorf("%s is not gone: %w; %s", describe(identity), err, holding)
	}
	return nil
}

// deletionState tells what keeps an object that is being deleted.
func deletionState(live *unstructured.Unstructured) string {
	if finalizers := live.GetFinalizers(); len(finalizers) > 0 {
		return "it is held by the finalizers " + strings.Join(finalizers, ", ")
	}
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	var messages []string
	for _, condition := range conditions {
		if entry, ok := condition.(map[string]any); ok && entry["status"] == "True" && entry["message"] != nil {
			messages = append(messages, fmt.Sprint(entry["message"]))
		}
	}
	if len(messages) > 0 {
		return strings.Join(messages, "; ")
	}
	return "the server is still deleting it"
}
