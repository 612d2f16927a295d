package main

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type changeKind int

const (
	added changeKind = iota
	updated
	removed
)

// differences lists the changed leaves by their property path, such as `spec.template.metadata.labels["a.b/c"]`.
// An unknown new value counts as changed. Lists are compared item by item.
func differences(before, after any) map[string]changeKind {
	result := map[string]changeKind{}
	compare("", before, after, result)
	return result
}

func compare(path string, before, after any, result map[string]changeKind) {
	before, after = unwrap(before), unwrap(after)
	switch new := after.(type) {
	case map[string]any:
		if old, ok := before.(map[string]any); ok {
			compareObjects(path, old, new, result)
			return
		}
	case []any:
		if old, ok := before.([]any); ok {
			compareLists(path, old, new, result)
			return
		}
	case unknown:
		result[path] = updated
		return
	}
	if !reflect.DeepEqual(plain(before), plain(after)) {
		result[path] = updated
	}
}

func unwrap(value any) any {
	if wrapped, ok := value.(secret); ok {
		return unwrap(wrapped.value)
	}
	return value
}

func compareObjects(path string, before, after map[string]any, result map[string]changeKind) {
	for _, key := range slices.Sorted(maps.Keys(after)) {
		place := joinKey(path, key)
		if old, present := before[key]; present {
			compare(place, old, after[key], result)
		} else {
			result[place] = added
		}
	}
	for key := range before {
		if _, present := after[key]; !present {
			result[joinKey(path, key)] = removed
		}
	}
}

func compareLists(path string, before, after []any, result map[string]changeKind) {
	for i := range max(len(before), len(after)) {
		place := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case i >= len(before):
			result[place] = added
		case i >= len(after):
			result[place] = removed
		default:
			compare(place, before[i], after[i], result)
		}
	}
}

var simpleKey = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$-]*$`)

// joinKey appends an object key to a property path as Pulumi writes it.
func joinKey(path, key string) string {
	switch {
	case !simpleKey.MatchString(key):
		return fmt.Sprintf(`%s["%s"]`, path, strings.ReplaceAll(key, `"`, `\"`))
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

// within tells whether a property path is the given place, lies below it, or holds it.
func within(path, place string) bool {
	return path == place || below(path, place) || below(place, path)
}

func below(path, place string) bool {
	rest, ok := strings.CutPrefix(path, place)
	return ok && (place == "" || strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "["))
}

// withoutIgnored drops the changes below the paths of the ignoreChanges option.
func withoutIgnored(changes map[string]changeKind, ignored []string) map[string]changeKind {
	maps.DeleteFunc(changes, func(path string, _ changeKind) bool {
		return slices.ContainsFunc(ignored, func(place string) bool { return path == place || below(path, place) })
	})
	return changes
}

// answer builds the response of Diff. replaces tells which changed paths need the resource to be made anew.
func answer(changes map[string]changeKind, replaces func(path string) bool) *pulumirpc.DiffResponse {
	response := &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true,
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{},
	}
	kinds := map[changeKind]pulumirpc.PropertyDiff_Kind{
		added: pulumirpc.PropertyDiff_ADD, updated: pulumirpc.PropertyDiff_UPDATE, removed: pulumirpc.PropertyDiff_DELETE,
	}
	for _, path := range slices.Sorted(maps.Keys(changes)) {
		kind := kinds[changes[path]]
		if replaces(path) {
			kind++ // the protocol numbers each …_REPLACE right after its plain kind
			response.Replaces = append(response.Replaces, path)
		}
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
		top := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' })[0]
		if !slices.Contains(response.Diffs, top) {
			response.Diffs = append(response.Diffs, top)
		}
	}
	return response
}
