package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// check fills in the defaults of an object, marks its secrets and reports what is wrong with it.
// What is not known yet passes: it comes again when it is.
func check(
	object resource.PropertyMap, fields []field, owner string,
) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
	var failures []*pulumirpc.CheckFailure
	checked := object.Copy()
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == string(key) }) {
			failures = append(failures, failure(string(key), "there is no field '%s' on %s; %s", key, owner, useReleased))
		}
	}
	for _, f := range fields {
		key := resource.PropertyKey(f.name)
		value, given := checked[key]
		switch {
		case !given && f.required:
			failures = append(failures, failure(f.name, "Missing required field '%s' on %s", f.name, owner))
		case !given && f.fallback != nil:
			checked[key] = resource.NewPropertyValue(f.fallback)
		case given:
			var inner []*pulumirpc.CheckFailure
			checked[key], inner = checkValue(value, f, owner)
			failures = append(failures, inner...)
		}
	}
	return checked, failures
}

func checkValue(
	value resource.PropertyValue, f field, owner string,
) (resource.PropertyValue, []*pulumirpc.CheckFailure) {
	secret := f.secret
	for value.IsSecret() {
		secret = true
		value = value.SecretValue().Element
	}
	var failures []*pulumirpc.CheckFailure
	switch {
	case value.IsComputed():
	case !f.kind.holds(value):
		failures = append(failures,
			failure(f.name, "Field '%s' on %s must be %s, not %s", f.name, owner, f.kind, value.TypeString()))
	case f.only != nil && value.V != f.only:
		failures = append(failures, failure(f.name, "Field '%s' on %s must be %v; %s", f.name, owner, f.only, useReleased))
	case f.kind == kindObject:
		var checked resource.PropertyMap
		checked, failures = check(value.ObjectValue(), f.fields, f.name)
		value = resource.NewProperty(checked)
	}
	if secret {
		value = resource.MakeSecret(value)
	}
	return value, failures
}

const useReleased = "this is not the released plugin 'command', but what the lab builds: install the released one for more"

func failure(property, format string, values ...any) *pulumirpc.CheckFailure {
	return &pulumirpc.CheckFailure{Property: property, Reason: fmt.Sprintf(format, values...)}
}
