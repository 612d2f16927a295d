package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Diff compares inputs with inputs. A set or removed `triggers` replaces; for a changed trigger the answer is an
// update, and the SDK's replaceOnChanges makes the engine replace: so it is in the released plugin.
func (s *server) Diff(_ context.Context, request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	if err := mustBeCommand(request.GetUrn()); err != nil {
		return nil, err
	}
	news, err := unmarshal(request.GetNews())
	if err != nil {
		return nil, err
	}
	old, err := unmarshal(request.GetOldInputs())
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(news, func(key resource.PropertyKey, _ resource.PropertyValue) bool {
		return key == "version" || strings.HasPrefix(string(key), "__")
	})
	return answer(old.Diff(news)), nil
}

func answer(changes *resource.ObjectDiff) *pulumirpc.DiffResponse {
	response := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		DetailedDiff:    map[string]*pulumirpc.PropertyDiff{},
		HasDetailedDiff: true,
	}
	if changes == nil || !changes.AnyChanges() {
		return response
	}
	response.Changes = pulumirpc.DiffResponse_DIFF_SOME
	changed, replaced := map[string]bool{}, map[string]bool{}
	for path, difference := range plugin.NewDetailedDiffFromObjectDiff(changes, false) {
		root := path
		if parsed, err := resource.ParsePropertyPath(path); err == nil && len(parsed) > 0 {
			if name, ok := parsed[0].(string); ok {
				root = name
			}
		}
		changed[root] = true
		if slices.ContainsFunc(inputFields, func(f field) bool { return f.replace && f.name == path }) {
			difference.Kind = difference.Kind.AsReplace()
			replaced[root] = true
		}
		response.DetailedDiff[path] = &pulumirpc.PropertyDiff{
			Kind: pulumirpc.PropertyDiff_Kind(difference.Kind), InputDiff: difference.InputDiff,
		}
	}
	response.Diffs = slices.Sorted(maps.Keys(changed))
	response.Replaces = slices.Sorted(maps.Keys(replaced))
	return response
}
