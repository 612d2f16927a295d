package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/csaupgrade"
)

// createAttempts covers a definition or a namespace that the same run has made and that the server is still taking in.
const createAttempts = 5

func (p *plugin) createObject(
	ctx context.Context, request *pulumirpc.CreateRequest,
) (*pulumirpc.CreateResponse, error) {
	inputs, err := decode(request.GetProperties())
	if err != nil {
		return nil, err
	}
	asSent := &pulumirpc.CreateResponse{Properties: request.GetProperties()}
	if request.GetPreview() && (hasUnknown(inputs) || isPatch(request.GetUrn(), inputs) || p.cluster.reach(ctx) != nil) {
		return asSent, nil
	}
	if err := p.cluster.reach(ctx); err != nil {
		return nil, err
	}
	manager := fieldManager(inputs, nil)
	write := writing{inputs: inputs, urn: request.GetUrn(), manager: manager, preview: request.GetPreview()}
	live, resource, err := p.createWithRetries(ctx, write)
	if err != nil {
		if request.GetPreview() && !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
			return asSent, nil // what is missing now may come in the run itself
		}
		return nil, redactError(explain(err, write), inputs)
	}
	var unready error
	if !request.GetPreview() {
		live, unready = p.awaitReady(ctx, request.GetUrn(), resource, live, inputs, request.GetTimeout())
		if isDefinition(live) {
			p.cluster.mapper.Reset()
		}
	} else {
		unstructured.RemoveNestedField(live.Object, "status")
	}
	state, err := objectState(inputs, live, manager)
	if err != nil {
		return nil, err
	}
	if unready != nil {
		return nil, initFailed(objectID(live), redact(unready.Error(), inputs), inputs, state)
	}
	properties, err := encode(state)
	if request.GetPreview() {
		return &pulumirpc.CreateResponse{Properties: properties}, err
	}
	return &pulumirpc.CreateResponse{Id: objectID(live), Properties: properties}, err
}

// writing is one server-side apply of a resource's inputs.
type writing struct {
	inputs  map[string]any
	urn     string
	manager string
	preview bool
}

func (p *plugin) createWithRetries(
	ctx context.Context, write writing,
) (live *unstructured.Unstructured, resource dynamic.ResourceInterface, err error) {
	for attempt := range createAttempts {
		live, resource, err = p.create(ctx, write)
		if write.preview || err == nil || !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
			return live, resource, err
		}
		p.engine.progress(write.urn, "trying again: "+redact(err.Error(), write.inputs))
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(500 * time.Millisecond << attempt):
		}
	}
	return live, resource, err
}

// create applies an object that must not be there yet, unless it is a patch or the provider's upsertExistingObjects is
// set.
func (p *plugin) create(
	ctx context.Context, write writing,
) (*unstructured.Unstructured, dynamic.ResourceInterface, error) {
	object := manifest(write.inputs)
	resource, err := p.cluster.resource(object)
	if err != nil {
		return nil, nil, err
	}
	patch := isPatch(write.urn, write.inputs)
	if patch || !p.settings.upsert {
		_, err := resource.Get(ctx, object.GetName(), metav1.GetOptions{})
		switch {
		case err == nil && !patch:
			return nil, nil, apierrors.NewAlreadyExists(metav1.SchemeGroupVersion.WithResource(object.GetKind()).GroupResource(),
				objectID(object))
		case apierrors.IsNotFound(err) && !patch:
		case err != nil:
			return nil, nil, err
		}
	}
	live, err := p.apply(ctx, resource, object, write)
	return live, resource, err
}

func (p *plugin) apply(
	ctx context.Context, resource dynamic.ResourceInterface, object *unstructured.Unstructured, write writing,
) (*unstructured.Unstructured, error) {
	text, err := json.Marshal(object.Object)
	if err != nil {
		return nil, err
	}
	force := p.settings.patchForce || annotation(write.inputs, annotationPatchForce) == "true"
	options := metav1.PatchOptions{FieldManager: write.manager, Force: &force}
	if write.preview {
		options.DryRun = []string{metav1.DryRunAll}
	}
	return resource.Patch(ctx, object.GetName(), types.ApplyPatchType, text, options)
}

// explain adds to an API error what the person at the terminal can do about it.
func explain(err error, write writing) error {
	switch {
	case meta.IsNoMatchError(err):
		return fmt.Errorf("the API server doesn't know this kind: make sure that its CustomResourceDefinition is created "+
			"before it (dependsOn): %w", err)
	case apierrors.IsAlreadyExists(err):
		return fmt.Errorf("%w: import it, or set the provider's upsertExistingObjects to take it over", err)
	case apierrors.IsConflict(err):
		return fmt.Errorf("server-side apply conflict of field manager %q: %w: "+
			"set the annotation %s to \"true\" to take the fields over", write.manager, err, annotationPatchForce)
	default:
		return err
	}
}

func (p *plugin) updateObject(
	ctx context.Context, request *pulumirpc.UpdateRequest,
) (*pulumirpc.UpdateResponse, error) {
	state, err := decode(request.GetOlds())
	if err != nil {
		return nil, err
	}
	inputs, err := decode(request.GetNews())
	if err != nil {
		return nil, err
	}
	asSent := &pulumirpc.UpdateResponse{Properties: request.GetNews()}
	if request.GetPreview() && (hasUnknown(inputs) || p.cluster.reach(ctx) != nil) {
		return asSent, nil
	}
	if err := p.cluster.reach(ctx); err != nil {
		return nil, err
	}
	write := writing{inputs, request.GetUrn(), fieldManager(inputs, state), request.GetPreview()}
	object := manifest(inputs)
	resource, err := p.cluster.resource(object)
	if err == nil && !write.preview && !isPatch(write.urn, inputs) {
		err = takeOverFields(ctx, resource, object.GetName(), write.manager)
	}
	var live *unstructured.Unstructured
	if err == nil {
		live, err = p.apply(ctx, resource, object, write)
	}
	if err != nil {
		if write.preview && !apierrors.IsInvalid(err) && !apierrors.IsConflict(err) && !apierrors.IsBadRequest(err) {
			return asSent, nil
		}
		return nil, redactError(explain(err, write), inputs, state)
	}
	var unready error
	if !write.preview {
		live, unready = p.awaitReady(ctx, write.urn, resource, live, inputs, request.GetTimeout())
		if isDefinition(live) {
			p.cluster.mapper.Reset()
		}
	}
	outputs, err := objectState(inputs, live, write.manager)
	if err != nil {
		return nil, err
	}
	if unready != nil {
		return nil, initFailed(request.GetId(), redact(unready.Error(), inputs, state), inputs, outputs)
	}
	properties, err := encode(outputs)
	return &pulumirpc.UpdateResponse{Properties: properties}, err
}

// foreignManagers wrote an object by other means than server-side apply, on behalf of the same person.
var foreignManagers = sets.New(
	"kubectl", "kubectl-client-side-apply", "kubectl-create", "before-first-apply", "pulumi-kubernetes",
	"pulumi-resource-kubernetes",
)

// takeOverFields gives the fields that such a manager holds to this resource's own: else their change would be a
// conflict and their removal without effect.
func takeOverFields(ctx context.Context, resource dynamic.ResourceInterface, name, manager string) error {
	live, err := resource.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(live, foreignManagers, manager)
	if err != nil || len(patch) == 0 {
		return err
	}
	_, err = resource.Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: manager})
	if apierrors.IsConflict(err) {
		return errors.New("somebody else changed the object at the same time: run again")
	}
	return err
}
