package main

import (
	"context"
	"reflect"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func (p *plugin) CheckConfig(
	_ context.Context, request *pulumirpc.CheckRequest,
) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: request.GetNews()}, nil
}

// DiffConfig decides whether a changed provider means another cluster, and so a replacement of everything on it.
//
//   - A changed clusterIdentifier replaces; one added or removed doesn't, so that it can be taken up safely.
//   - The same clusterIdentifier on both sides never replaces, whatever else changes.
//   - Without one, a kubeconfig, context or cluster that is not known yet replaces, and so does a kubeconfig whose
//     active cluster entry is another one.
func (p *plugin) DiffConfig(
	_ context.Context, request *pulumirpc.DiffRequest,
) (*pulumirpc.DiffResponse, error) {
	olds, err := decode(request.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := decode(request.GetNews())
	if err != nil {
		return nil, err
	}
	olds, news = plainMap(olds), plainMap(news)
	response := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	for path := range differences(olds, news) {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.Diffs = append(response.Diffs, path)
	}
	slices.Sort(response.Diffs)
	if response.Changes == pulumirpc.DiffResponse_DIFF_NONE {
		return response, nil
	}
	oldIdentifier, newIdentifier := olds["clusterIdentifier"], news["clusterIdentifier"]
	if oldIdentifier != nil && newIdentifier != nil {
		if oldIdentifier == newIdentifier && newIdentifier != (unknown{}) {
			return response, nil
		}
		response.Replaces = append(response.Replaces, "clusterIdentifier")
	}
	response.Replaces = append(response.Replaces, otherCluster(olds, news, response.Diffs)...)
	return response, nil
}

// otherCluster lists the changed options that make the provider point to another cluster.
func otherCluster(olds, news map[string]any, changed []string) []string {
	connection := []string{"kubeconfig", "context", "cluster"}
	for _, name := range connection {
		if news[name] == (unknown{}) {
			return []string{name}
		}
	}
	before, beforeKnown := activeCluster(olds)
	after, afterKnown := activeCluster(news)
	if !beforeKnown || !afterKnown || reflect.DeepEqual(before, after) {
		return nil
	}
	return slices.DeleteFunc(connection, func(name string) bool { return !slices.Contains(changed, name) })
}

// activeCluster reads the cluster entry that the options select. A kubeconfig that can't be read selects none.
func activeCluster(options map[string]any) (any, bool) {
	text := func(name string) string {
		value, _ := options[name].(string)
		return value
	}
	config, err := loadKubeconfig(text("kubeconfig"))
	if err != nil {
		return nil, false
	}
	name := text("cluster")
	if name == "" {
		current := config.CurrentContext
		if text("context") != "" {
			current = text("context")
		}
		if selected, ok := config.Contexts[current]; ok {
			name = selected.Cluster
		}
	}
	entry, ok := config.Clusters[name]
	if !ok {
		return nil, false
	}
	entry = entry.DeepCopy()
	entry.LocationOfOrigin = ""
	return entry, true
}
