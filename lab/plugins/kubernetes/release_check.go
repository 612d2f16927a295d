package main

import (
	"maps"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// dropped are inputs of the SDK that say nothing about the release.
var dropped = []string{"compat", "resourceNames", "manifest", "status", "allowNullValues"}

// checkRelease completes the inputs of a release: its name, its namespace, and the version that its chart really has.
func (p *plugin) checkRelease(request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	olds, err := decode(request.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := decode(request.GetNews())
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(news, func(name string, value any) bool { return value == nil || slices.Contains(dropped, name) })
	if name := unwrap(news["name"]); name == nil || name == "" {
		news["name"] = releaseName(request, olds)
	}
	if namespace := unwrap(news["namespace"]); namespace == nil || namespace == "" {
		news["namespace"] = p.cluster.namespace
	}
	if _, given := news["timeout"]; !given && unwrap(news["skipAwait"]) != true {
		news["timeout"] = float64(defaultHelmWait)
	}
	spec, err := readSpec(news)
	if err != nil {
		return nil, redactError(err, news)
	}
	var failures []*pulumirpc.CheckFailure
	if !hasUnknown(news["chart"]) && !hasUnknown(news["version"]) && !hasUnknown(news["repositoryOpts"]) {
		loaded, err := p.loadChart(spec)
		if err != nil {
			failures = append(failures, &pulumirpc.CheckFailure{
				Property: "chart", Reason: redact(err.Error(), news) + "; check the chart name and repository configuration",
			})
		} else {
			news["version"] = markSecrets(loaded.Metadata.Version, news["version"])
		}
	}
	inputs, err := encode(news)
	return &pulumirpc.CheckResponse{Inputs: inputs, Failures: failures}, err
}

func releaseName(request *pulumirpc.CheckRequest, olds map[string]any) string {
	if name, ok := plain(olds["name"]).(string); ok && name != "" {
		return name
	}
	if proposed := request.GetAutonaming().GetProposedName(); proposed != "" {
		return proposed
	}
	return nameOf(request.GetUrn()) + "-" + suffix(request.GetRandomSeed())
}

// diffRelease compares the inputs of the last run with the new ones, value by value. A release that Helm doesn't call
// deployed is a change too, so that the next run mends it.
func diffRelease(request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
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
	olds := lastInputs(sent, state)
	for _, inputs := range []map[string]any{olds, news} {
		maps.DeleteFunc(inputs, func(name string, value any) bool {
			return value == nil || name == "checksum" || slices.Contains(dropped, name)
		})
	}
	changes := withoutIgnored(differences(olds, news), request.GetIgnoreChanges())
	unfinished := false
	if status, _ := object(state["status"])["status"].(string); status != "" && status != "deployed" {
		unfinished = true
		changes["status.status"] = updated
	}
	response := answer(changes, func(path string) bool { return path == "name" || path == "namespace" })
	if unfinished {
		response.DetailedDiff["status.status"].InputDiff = false
	}
	return response, nil
}
