package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// readRelease refreshes a release, or imports one when there is no state. A release that is gone gives an empty id.
func (p *plugin) readRelease(_ context.Context, request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	state, err := decode(request.GetProperties())
	if err != nil {
		return nil, err
	}
	sent, err := decode(request.GetInputs())
	if err != nil {
		return nil, err
	}
	namespace, name := parseID(request.GetId())
	if namespace == "" || name == "" {
		return nil, fmt.Errorf("%q is no id of a Helm release: it is NAMESPACE/NAME", request.GetId())
	}
	helm, err := p.helm(namespace)
	if err != nil {
		return nil, redactError(err, state)
	}
	live, err := helm.Releases.Last(name)
	if errors.Is(err, driver.ErrReleaseNotFound) ||
		err == nil && live.Info.Status == release.StatusUninstalled {
		return &pulumirpc.ReadResponse{}, nil
	}
	if err != nil {
		return nil, redactError(err, state)
	}
	inputs := lastInputs(sent, state)
	if inputs == nil {
		inputs = map[string]any{
			"name": name, "namespace": namespace, "chart": live.Chart.Name(), "version": live.Chart.Metadata.Version,
			"timeout": float64(defaultHelmWait),
		}
		if len(live.Config) > 0 {
			inputs["values"] = live.Config
		}
	} else if live.Info.Status == release.StatusDeployed {
		if err := adoptDrift(inputs, state, live); err != nil {
			return nil, redactError(err, state)
		}
	}
	properties, err := encode(releaseState(inputs, live))
	if err != nil {
		return nil, err
	}
	encoded, err := encode(inputs)
	return &pulumirpc.ReadResponse{Id: request.GetId(), Properties: properties, Inputs: encoded}, err
}

// adoptDrift puts the version and the values that somebody deployed by other means into the inputs, so that the next
// diff shows them.
func adoptDrift(inputs, state map[string]any, live *release.Release) error {
	revision, _ := object(state["status"])["revision"].(float64)
	if int(revision) == live.Version {
		return nil
	}
	inputs["version"] = markSecrets(live.Chart.Metadata.Version, inputs["version"])
	config, err := canonical(live.Config)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(object(inputs["values"]), config) {
		inputs["values"] = markSecrets(config, inputs["values"])
	}
	return nil
}
