package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// defaultWait is how long an object may take to become ready, or to go, as in the released plugin.
const defaultWait = 10 * time.Minute

// waitLimit is the resource option customTimeouts (seconds, 0 when unset), or else the annotation, or the default.
func waitLimit(option float64, inputs map[string]any) time.Duration {
	if option > 0 {
		return time.Duration(option * float64(time.Second))
	}
	if seconds, err := strconv.Atoi(annotation(inputs, annotationTimeout)); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return defaultWait
}

// poll asks again and again, slower with time, until done, an error, the limit or a cancel.
func poll(ctx context.Context, limit time.Duration, done func(ctx context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("timed out after %s", limit))
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(pause*3/2, 2*time.Second) {
		finished, err := done(ctx)
		if finished || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// awaitReady waits until the object does what it is for. It always gives the last seen object; the error tells what was
// missing.
func (p *plugin) awaitReady(
	ctx context.Context, urn string, resource dynamic.ResourceInterface, live *unstructured.Unstructured,
	inputs map[string]any, timeout float64,
) (*unstructured.Unstructured, error) {
	if annotation(inputs, annotationSkipAwait) == "true" || isPatch(urn, inputs) {
		return live, nil
	}
	missing := ""
	err := poll(ctx, waitLimit(timeout, inputs), func(ctx context.Context) (bool, error) {
		if missing != "" {
			if now, err := resource.Get(ctx, live.GetName(), metav1.GetOptions{}); err == nil {
				live = now
			}
		}
		waitsFor, err := p.readiness(ctx, live)
		if waitsFor != "" && waitsFor != missing {
			p.engine.progress(urn, "waiting: "+waitsFor)
		}
		missing = waitsFor
		return waitsFor == "", err
	})
	if err != nil {
		if missing != "" {
			err = fmt.Errorf("%w: %s", err, missing)
		}
		return live, fmt.Errorf("%s was applied but did not become ready: %w", describe(live), err)
	}
	return live, nil
}

// readiness tells what an object still waits for, "" when it is ready. An error means that it never will be.
func (p *plugin) readiness(ctx context.Context, live *unstructured.Unstructured) (string, error) {
	switch live.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}:
		return deploymentReadiness(live)
	case schema.GroupKind{Group: "apps", Kind: "StatefulSet"}:
		return statefulSetReadiness(live), nil
	case schema.GroupKind{Group: "apps", Kind: "DaemonSet"}:
		return daemonSetReadiness(live), nil
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		return jobReadiness(live)
	case schema.GroupKind{Kind: "Pod"}:
		return podReadiness(live)
	case schema.GroupKind{Kind: "Service"}:
		return p.serviceReadiness(ctx, live)
	case schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:
		if status, _ := condition(live, "Established"); status != "True" {
			return "the API server hasn't taken the definition in", nil
		}
	}
	return "", nil
}

func isDefinition(live *unstructured.Unstructured) bool {
	return live.GetKind() == "CustomResourceDefinition"
}

// number reads a whole number, 0 when absent.
func number(live *unstructured.Unstructured, fields ...string) int64 {
	value, _, _ := unstructured.NestedInt64(live.Object, fields...)
	return value
}

// replicas reads spec.replicas, 1 when absent.
func replicas(live *unstructured.Unstructured) int64 {
	if _, found, _ := unstructured.NestedFieldNoCopy(live.Object, "spec", "replicas"); !found {
		return 1
	}
	return number(live, "spec", "replicas")
}

func condition(live *unstructured.Unstructured, kind string) (status, reason string) {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, item := range conditions {
		if entry, ok := item.(map[string]any); ok && entry["type"] == kind {
			return fmt.Sprint(entry["status"]), fmt.Sprintf("%v: %v", entry["reason"], entry["message"])
		}
	}
	return "", ""
}

// observed tells whether the controller has seen the last change.
func observed(live *unstructured.Unstructured) bool {
	return number(live, "status", "observedGeneration") >= live.GetGeneration()
}

const notSeen = "its controller hasn't seen the change"

func deploymentReadiness(live *unstructured.Unstructured) (string, error) {
	if !observed(live) {
		return notSeen, nil
	}
	if status, reason := condition(live, "Progressing"); status == "False" {
		return "", errors.New(reason)
	}
	wanted := replicas(live)
	for _, count := range []struct{ field, meaning string }{
		{"updatedReplicas", "updated"}, {"availableReplicas", "available"},
	} {
		if has := number(live, "status", count.field); has < wanted {
			return fmt.Sprintf("%d of %d replicas %s", has, wanted, count.meaning), nil
		}
	}
	if all := number(live, "status", "replicas"); all > wanted {
		return fmt.Sprintf("%d old replicas still there", all-wanted), nil
	}
	return "", nil
}

func statefulSetReadiness(live *unstructured.Unstructured) string {
	if !observed(live) {
		return notSeen
	}
	wanted := replicas(live)
	if has := number(live, "status", "readyReplicas"); has < wanted {
		return fmt.Sprintf("%d of %d replicas ready", has, wanted)
	}
	strategy, _, _ := unstructured.NestedString(live.Object, "spec", "updateStrategy", "type")
	if strategy == "OnDelete" {
		return ""
	}
	wanted -= number(live, "spec", "updateStrategy", "rollingUpdate", "partition")
	if has := number(live, "status", "updatedReplicas"); has < wanted {
		return fmt.Sprintf("%d of %d replicas updated", has, wanted)
	}
	return ""
}

func daemonSetReadiness(live *unstructured.Unstructured) string {
	if !observed(live) {
		return notSeen
	}
	wanted := number(live, "status", "desiredNumberScheduled")
	if has := number(live, "status", "updatedNumberScheduled"); has < wanted {
		if strategy, _, _ := unstructured.NestedString(live.Object, "spec", "updateStrategy", "type"); strategy != "OnDelete" {
			return fmt.Sprintf("%d of %d pods updated", has, wanted)
		}
	}
	if has := number(live, "status", "numberAvailable"); has < wanted {
		return fmt.Sprintf("%d of %d pods available", has, wanted)
	}
	return ""
}

func jobReadiness(live *unstructured.Unstructured) (string, error) {
	if status, reason := condition(live, "Failed"); status == "True" {
		return "", errors.New("the job failed: " + reason)
	}
	if status, _ := condition(live, "Complete"); status == "True" {
		return "", nil
	}
	if suspended, _, _ := unstructured.NestedBool(live.Object, "spec", "suspend"); suspended {
		return "", nil
	}
	return fmt.Sprintf("%d pods running, %d succeeded, %d failed",
		number(live, "status", "active"), number(live, "status", "succeeded"), number(live, "status", "failed")), nil
}

func podReadiness(live *unstructured.Unstructured) (string, error) {
	phase, _, _ := unstructured.NestedString(live.Object, "status", "phase")
	ready, reason := condition(live, "Ready")
	switch {
	case phase == "Succeeded" || ready == "True":
		return "", nil
	case phase == "Failed":
		return "", errors.New("the pod failed: " + reason)
	case reason != "":
		return reason, nil
	}
	_, reason = condition(live, "PodScheduled")
	return "the pod is " + phase + " " + reason, nil
}

// serviceReadiness waits for an address of a load balancer, and for an endpoint where the service selects pods.
func (p *plugin) serviceReadiness(ctx context.Context, live *unstructured.Unstructured) (string, error) {
	kind, _, _ := unstructured.NestedString(live.Object, "spec", "type")
	if kind == "ExternalName" {
		return "", nil
	}
	if ingress, _, _ := unstructured.NestedSlice(live.Object, "status", "loadBalancer", "ingress"); kind == "LoadBalancer" &&
		len(ingress) == 0 {
		return "no address from a load balancer", nil
	}
	selector, _, _ := unstructured.NestedStringMap(live.Object, "spec", "selector")
	address, _, _ := unstructured.NestedString(live.Object, "spec", "clusterIP")
	if len(selector) == 0 || address == "None" {
		return "", nil
	}
	slices, err := p.cluster.dynamic.
		Resource(schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"}).
		Namespace(live.GetNamespace()).
		List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + live.GetName()})
	if err != nil {
		return "its endpoints can't be read", nil
	}
	for _, slice := range slices.Items {
		endpoints, _, _ := unstructured.NestedSlice(slice.Object, "endpoints")
		for _, endpoint := range endpoints {
			entry, _ := endpoint.(map[string]any)
			if ready, _, _ := unstructured.NestedBool(entry, "conditions", "ready"); ready {
				return "", nil
			}
		}
	}
	return "no ready pod behind it", nil
}
