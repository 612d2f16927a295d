package main

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// typeOf finds the type in a resource's name; it refuses the types that only the released plugin has.
func typeOf(urn string) (resourceType, string, error) {
	name := string(resource.URN(urn).Type())
	found, ok := resourceTypes[name]
	if !ok {
		return resourceType{}, name, status.Errorf(codes.Unimplemented,
			"the resource type %s is not in the lab's stand-in for the plugin command: use the released plugin", name)
	}
	return found, name, nil
}

func unmarshal(properties *structpb.Struct) (resource.PropertyMap, error) {
	read, err := plugin.UnmarshalProperties(properties, plugin.MarshalOptions{
		KeepUnknowns: true, SkipNulls: true, KeepSecrets: true, KeepResources: true,
	})
	if err != nil {
		return nil, fmt.Errorf("read the engine's properties: %w", err)
	}
	return read, nil
}

func marshal(properties resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(properties, plugin.MarshalOptions{
		KeepUnknowns: true, SkipNulls: true, KeepSecrets: true, KeepResources: true,
	})
}

// arguments are the inputs of a command, without marks of secrecy.
type arguments struct {
	Stdin                  string            `json:"stdin"`
	Logging                *string           `json:"logging"`
	Environment            map[string]string `json:"environment"`
	AddPreviousOutputInEnv *bool             `json:"addPreviousOutputInEnv"`
	Connection             *connection       `json:"connection"`
	Interpreter            []string          `json:"interpreter"`
	Dir                    *string           `json:"dir"`

	previous output
}

func (a *arguments) logs(stream string) bool {
	return a.Logging == nil || *a.Logging == stream || *a.Logging == "stdoutAndStderr"
}

func (a *arguments) passesPrevious() bool {
	return a.AddPreviousOutputInEnv == nil || *a.AddPreviousOutputInEnv
}

func decode(inputs resource.PropertyMap, typeName string) (*arguments, error) {
	plain := map[string]any{}
	for key, value := range inputs {
		if key != "triggers" { // of any type, and no business of the command's
			plain[string(key)] = reveal(value).Mappable()
		}
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("read the inputs of %s: %w", typeName, err)
	}
	decoded := &arguments{}
	if err := json.Unmarshal(text, decoded); err != nil {
		// The error of the JSON reader names the property and its type, never the value.
		return nil, fmt.Errorf("read the inputs of %s: %w", typeName, err)
	}
	return decoded, nil
}

// reveal takes the marks of secrecy away, at every depth.
func reveal(value resource.PropertyValue) resource.PropertyValue {
	switch {
	case value.IsSecret():
		return reveal(value.SecretValue().Element)
	case value.IsArray():
		plain := make([]resource.PropertyValue, 0, len(value.ArrayValue()))
		for _, element := range value.ArrayValue() {
			plain = append(plain, reveal(element))
		}
		return resource.NewProperty(plain)
	case value.IsObject():
		plain := resource.PropertyMap{}
		for key, element := range value.ObjectValue() {
			plain[key] = reveal(element)
		}
		return resource.NewProperty(plain)
	default:
		return value
	}
}

func stringOf(value resource.PropertyValue) (string, bool) {
	plain := reveal(value)
	if !plain.IsString() {
		return "", false
	}
	return plain.StringValue(), true
}
