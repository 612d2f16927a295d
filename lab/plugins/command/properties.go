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

// mustBeCommand refuses the types of resource that only the released plugin has.
func mustBeCommand(urn string) error {
	if name := string(resource.URN(urn).Type()); name != commandType {
		return status.Errorf(codes.Unimplemented, "there is no resource type %s; %s", name, useReleased)
	}
	return nil
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

// arguments are the inputs that a command runs with, without marks of secrecy.
type arguments struct {
	Stdin       string            `json:"stdin"`
	Environment map[string]string `json:"environment"`
	Connection  *connection       `json:"connection"`
}

func decode(inputs resource.PropertyMap) (*arguments, error) {
	plain := map[string]any{}
	for _, key := range []resource.PropertyKey{"stdin", "environment", "connection"} {
		if value, ok := inputs[key]; ok {
			plain[string(key)] = reveal(value).Mappable()
		}
	}
	text, err := json.Marshal(plain)
	decoded := &arguments{}
	if err == nil {
		// The error of the JSON reader names the property and its type, never the value.
		err = json.Unmarshal(text, decoded)
	}
	if err != nil {
		return nil, fmt.Errorf("read the inputs of %s: %w", commandType, err)
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
