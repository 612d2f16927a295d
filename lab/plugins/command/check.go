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
	fail := func(property, format string, values ...any) {
		failures = append(failures, &pulumirpc.CheckFailure{
			Property: property, Reason: fmt.Sprintf(format, values...),
		})
	}
	checked := object.Copy()
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == string(key) }) {
			fail(string(key), "Unrecognized field '%s' on %s", key, owner)
		}
	}
	for _, f := range fields {
		key := resource.PropertyKey(f.name)
		value, given := checked[key]
		switch {
		case !given && f.required:
			fail(f.name, "Missing required field '%s' on %s", f.name, owner)
		case !given && f.fallback != nil:
			checked[key] = resource.NewPropertyValue(f.fallback)
		case given && f.refused:
			fail(f.name, "The property '%s' of %s is not in the lab's stand-in for the plugin command: "+
				"use the released plugin", f.name, owner)
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
		failures = append(failures, &pulumirpc.CheckFailure{Property: f.name, Reason: fmt.Sprintf(
			"Field '%s' on %s must be %s, not %s", f.name, owner, f.kind.noun(), value.TypeString())})
	case f.kind == kindObject:
		var checked resource.PropertyMap
		checked, failures = check(value.ObjectValue(), f.fields, f.typeName)
		value = resource.NewProperty(checked)
	}
	if secret {
		value = resource.MakeSecret(value)
	}
	return value, failures
}

// holds says whether a known value has this kind.
func (k kind) holds(value resource.PropertyValue) bool {
	switch k {
	case kindString, kindLogging:
		return value.IsString()
	case kindNumber, kindInteger:
		return value.IsNumber()
	case kindBoolean:
		return value.IsBool()
	case kindList, kindStrings:
		return value.IsArray() && (k == kindList || !slices.ContainsFunc(value.ArrayValue(), notText))
	case kindMap:
		return value.IsObject() && !slices.ContainsFunc(slices.Collect(maps.Values(value.ObjectValue())), notText)
	default:
		return value.IsObject()
	}
}

func notText(value resource.PropertyValue) bool {
	for value.IsSecret() {
		value = value.SecretValue().Element
	}
	return !value.IsString() && !value.IsComputed()
}

// noun names the kind in a message.
func (k kind) noun() string {
	switch k {
	case kindNumber, kindInteger:
		return "a number"
	case kindBoolean:
		return "true or false"
	case kindList:
		return "a list"
	case kindStrings:
		return "a list of strings"
	case kindMap:
		return "a map of strings"
	case kindObject:
		return "an object"
	default:
		return "a string"
	}
}
