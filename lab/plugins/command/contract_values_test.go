package main_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// properties are written as plain Go values in the cases; a resource.PropertyValue is passed as it is.
type properties map[string]any

func (p properties) with(more properties) properties {
	all := maps.Clone(p)
	maps.Copy(all, more)
	return all
}

var unknown = resource.MakeComputed(resource.NewProperty(""))

func secret(value any) resource.PropertyValue {
	return resource.MakeSecret(resource.NewPropertyValue(value))
}

var onTheWire = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipNulls: true}

func sent(t *testing.T, p properties) *structpb.Struct {
	t.Helper()
	wire, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(p), onTheWire)
	must(t, err)
	return wire
}

func received(t *testing.T, wire *structpb.Struct) resource.PropertyMap {
	t.Helper()
	read, err := plugin.UnmarshalProperties(wire, onTheWire)
	must(t, err)
	return read
}

func mustDiffer(t *testing.T, answer *pulumirpc.DiffResponse, kind pulumirpc.PropertyDiff_Kind, path string) {
	t.Helper()
	found := answer.GetDetailedDiff()[path]
	if answer.GetChanges() != pulumirpc.DiffResponse_DIFF_SOME || found == nil || found.GetKind() != kind {
		t.Fatalf("%s must be %v: %v", path, kind, answer)
	}
	replaces := strings.HasSuffix(kind.String(), "_REPLACE")
	root, _, _ := strings.Cut(strings.ReplaceAll(path, "[", "."), ".")
	if slices.Contains(answer.GetReplaces(), root) != replaces {
		t.Fatalf("replaces is %v, for %v of %s", answer.GetReplaces(), kind, path)
	}
}

// text is a string of a state, secret or not.
func text(t *testing.T, state *structpb.Struct, name resource.PropertyKey) string {
	t.Helper()
	value := received(t, state)[name]
	for value.IsSecret() {
		value = value.SecretValue().Element
	}
	if !value.IsString() {
		t.Fatalf("%s is %v, not a string", name, value)
	}
	return value.StringValue()
}

func mustFail(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("it must fail")
	}
	for _, wanted := range texts {
		if !strings.Contains(err.Error(), wanted) {
			t.Fatalf("the error must hold %q: %v", wanted, err)
		}
	}
}
