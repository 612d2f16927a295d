package main

import (
	"context"
	"errors"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

func (p *plugin) createRelease(
	ctx context.Context, request *pulumirpc.CreateRequest,
) (*pulumirpc.CreateResponse, error) {
	inputs, err := decode(request.GetProperties())
	if err != nil {
		return nil, err
	}
	if request.GetPreview() {
		properties, err := encode(releaseState(inputs, nil))
		return &pulumirpc.CreateResponse{Properties: properties}, err
	}
	if err := p.cluster.reach(ctx); err != nil {
		return nil, fmt.Errorf("can't create Helm Release with unreachable cluster: %w", err)
	}
	state, err := p.write(ctx, inputs, inputs, p.install)
	if err != nil {
		return nil, err
	}
	properties, err := encode(state)
	return &pulumirpc.CreateResponse{Id: releaseID(inputs), Properties: properties}, err
}

func (p *plugin) updateRelease(
	ctx context.Context, request *pulumirpc.UpdateRequest,
) (*pulumirpc.UpdateResponse, error) {
	inputs, err := decode(request.GetNews())
	if err != nil {
		return nil, err
	}
	olds, err := decode(request.GetOlds())
	if err != nil {
		return nil, err
	}
	if request.GetPreview() {
		properties, err := encode(releaseState(inputs, nil))
		return &pulumirpc.UpdateResponse{Properties: properties}, err
	}
	if err := p.cluster.reach(ctx); err != nil {
		return nil, fmt.Errorf("can't update Helm Release with unreachable cluster: %w", err)
	}
	state, err := p.write(ctx, inputs, olds, p.upgrade)
	if err != nil {
		return nil, err
	}
	properties, err := encode(state)
	return &pulumirpc.UpdateResponse{Properties: properties}, err
}

func releaseID(inputs map[string]any) string {
	return fmt.Sprintf("%v/%v", plain(inputs["namespace"]), plain(inputs["name"]))
}

// operation is an install or an upgrade.
type operation func(ctx context.Context, helm *action.Configuration, spec releaseSpec) (*release.Release, error)

// write runs an operation and makes the outputs. When it fails and Helm keeps a release all the same, so does Pulumi:
// the next run upgrades it. Nothing secret of the inputs, new or old, gets into the error.
func (p *plugin) write(
	ctx context.Context, inputs, olds map[string]any, run operation,
) (map[string]any, error) {
	spec, err := readSpec(inputs)
	if err != nil {
		return nil, redactError(err, inputs, olds)
	}
	helm, err := p.helm(spec.Namespace)
	if err != nil {
		return nil, redactError(err, inputs, olds)
	}
	touched, err := run(ctx, helm, spec)
	live, missing := helm.Releases.Last(spec.Name)
	if err == nil {
		return releaseState(inputs, live), missing
	}
	name := releaseID(inputs)
	message := redact(fmt.Sprintf("Helm release %s: %v", name, err), inputs, olds)
	// A release that was there before this operation touched it is no trace of it. One that a killed run left half-way is not
	// touched at all: Helm refuses, and what to do about it is the program's affair, as with the released plugin.
	if touched == nil || missing != nil || live.Info.Status == release.StatusDeployed {
		return nil, errors.New(message)
	}
	return nil, initFailed(name, message+" (Helm keeps it as "+string(live.Info.Status)+
		"; the next run upgrades it)", inputs, releaseState(inputs, live))
}

func (p *plugin) install(
	ctx context.Context, helm *action.Configuration, spec releaseSpec,
) (*release.Release, error) {
	loaded, err := p.loadChart(spec)
	if err != nil {
		return nil, err
	}
	client := action.NewInstall(helm)
	client.ReleaseName, client.Namespace, client.CreateNamespace = spec.Name, spec.Namespace, spec.CreateNamespace
	client.Description = spec.Description
	client.Timeout = spec.limit()
	client.Wait, client.WaitForJobs = !spec.SkipAwait, !spec.SkipAwait && spec.WaitForJobs
	client.Atomic, client.Replace, client.TakeOwnership = spec.Atomic, spec.Replace, spec.TakeOwnership
	client.DisableHooks, client.SkipCRDs, client.SubNotes = spec.DisableHooks, spec.SkipCRDs, spec.SubchartNotes
	client.DisableOpenAPIValidation = spec.DisableOpenAPIValidation
	return client.RunWithContext(ctx, loaded, spec.Values)
}

func (p *plugin) upgrade(
	ctx context.Context, helm *action.Configuration, spec releaseSpec,
) (*release.Release, error) {
	loaded, err := p.loadChart(spec)
	if err != nil {
		return nil, err
	}
	client := action.NewUpgrade(helm)
	client.Namespace, client.Description, client.Timeout = spec.Namespace, spec.Description, spec.limit()
	client.Wait, client.WaitForJobs = !spec.SkipAwait, !spec.SkipAwait && spec.WaitForJobs
	client.Atomic, client.CleanupOnFail, client.TakeOwnership = spec.Atomic, spec.CleanupOnFail, spec.TakeOwnership
	client.DisableHooks = spec.DisableHooks || spec.DisableCRDHooks
	client.Force, client.Recreate, client.SubNotes = spec.ForceUpdate, spec.RecreatePods, spec.SubchartNotes
	client.ResetValues, client.ReuseValues = spec.ResetValues, spec.ReuseValues
	client.SkipCRDs, client.DisableOpenAPIValidation = spec.SkipCRDs, spec.DisableOpenAPIValidation
	client.MaxHistory = int(spec.MaxHistory)
	live, err := client.RunWithContext(ctx, spec.Name, loaded, spec.Values)
	if errors.Is(err, driver.ErrNoDeployedReleases) {
		err = fmt.Errorf("%w: it was removed by other means; run a refresh, then run again", err)
	}
	return live, err
}

// deleteRelease uninstalls a release, with its hooks. One that is gone counts as done.
func (p *plugin) deleteRelease(ctx context.Context, request *pulumirpc.DeleteRequest) error {
	state, err := decode(request.GetProperties())
	if err != nil {
		return err
	}
	inputs := lastInputs(nil, state)
	if inputs == nil {
		inputs = state
	}
	spec, err := readSpec(inputs)
	if err != nil {
		return redactError(err, state)
	}
	spec.Namespace, spec.Name = parseID(request.GetId())
	helm, err := p.helm(spec.Namespace)
	if err != nil {
		return redactError(err, state)
	}
	return redactError(p.uninstall(ctx, request.GetUrn(), helm, spec), state)
}

func (p *plugin) uninstall(
	ctx context.Context, urn string, helm *action.Configuration, spec releaseSpec,
) error {
	client := action.NewUninstall(helm)
	client.IgnoreNotFound = true
	client.DisableHooks = spec.DisableHooks
	client.Wait, client.Timeout = spec.Atomic || !spec.SkipAwait, spec.limit()
	finished := make(chan error, 1)
	go func() {
		answer, err := client.Run(spec.Name)
		if err == nil && answer != nil && answer.Info != "" {
			p.engine.warn(urn, "Helm uninstall: "+answer.Info)
		}
		finished <- err
	}()
	// Helm's uninstall takes no context.
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
