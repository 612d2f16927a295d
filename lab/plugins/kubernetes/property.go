package main

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"
)

// Values of a resource are plain Go values (map[string]any, []any, string, float64, bool, nil) with two additions of
// Pulumi's protocol: a secret and a value that is not known yet.

// unknown stands for a value that only a later step of the run tells.
type unknown struct{}

// secret wraps a value that must never be shown.
type secret struct{ value any }

// The signatures and markers of Pulumi's wire format (sdk/go/common/resource/sig and plugin/rpc.go).
const (
	signatureKey      = "4dabf18193072939515e22adb298388d"
	secretSignature   = "1b47061264138c4ac30d75fd1eb44270"
	outputSignature   = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	assetSignature    = "c44067f5952c0a294b673a41bacd8c17"
	archiveSignature  = "0def7320c3a5731c473e5ecbe6d01bc7"
	unknownString     = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	propertyInputs    = "__inputs"
	propertyVersion   = "__initialApiVersion"
	propertyManager   = "__fieldManager"
	kubernetesDash    = "x-kubernetes-"
	kubernetesInPulum = "x_kubernetes_"
)

var unknownMarkers = []string{
	unknownString,
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
	"3eeb2bf0-c639-47a8-9e75-3b44932eb421",
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
	"030794c1-ac77-496b-92df-f27374a8bd58",
	"e48ece36-62e2-4504-bad9-02848725956a",
	"dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}

// decode reads the properties of a request; a nil struct gives an empty map.
func decode(properties *structpb.Struct) (map[string]any, error) {
	result := map[string]any{}
	for key, field := range properties.GetFields() {
		value, err := decodeValue(field)
		if err != nil {
			return nil, fmt.Errorf("property %q: %w", key, err)
		}
		result[key] = value
	}
	return result, nil
}

func decodeValue(value *structpb.Value) (any, error) {
	switch kind := value.GetKind().(type) {
	case *structpb.Value_StringValue:
		if slices.Contains(unknownMarkers, kind.StringValue) {
			return unknown{}, nil
		}
		return kind.StringValue, nil
	case *structpb.Value_ListValue:
		result := make([]any, 0, len(kind.ListValue.GetValues()))
		for _, item := range kind.ListValue.GetValues() {
			decoded, err := decodeValue(item)
			if err != nil {
				return nil, err
			}
			result = append(result, decoded)
		}
		return result, nil
	case *structpb.Value_StructValue:
		return decodeObject(kind.StructValue)
	case *structpb.Value_NumberValue:
		return kind.NumberValue, nil
	case *structpb.Value_BoolValue:
		return kind.BoolValue, nil
	default:
		return nil, nil
	}
}

// decodeObject reads an object or one of the protocol's own values, which travel as objects with a signature.
func decodeObject(object *structpb.Struct) (any, error) {
	signature, signed := object.GetFields()[signatureKey]
	if !signed {
		return decode(object)
	}
	switch signature.GetStringValue() {
	case secretSignature:
		inner, err := decodeValue(object.GetFields()["value"])
		return secret{inner}, err
	case outputSignature:
		inner, known := object.GetFields()["value"]
		if !known {
			return unknown{}, nil
		}
		decoded, err := decodeValue(inner)
		if object.GetFields()["secret"].GetBoolValue() {
			decoded = secret{decoded}
		}
		return decoded, err
	case assetSignature, archiveSignature:
		return nil, fmt.Errorf("files as property values (assets, archives) are not supported by the lab's stand-in")
	default:
		return nil, fmt.Errorf("a value of an unknown kind (signature %s)", signature.GetStringValue())
	}
}

// encode writes properties for an answer.
func encode(properties map[string]any) (*structpb.Struct, error) {
	fields := make(map[string]*structpb.Value, len(properties))
	for key, value := range properties {
		encoded, err := encodeValue(value)
		if err != nil {
			return nil, fmt.Errorf("property %q: %w", key, err)
		}
		fields[key] = encoded
	}
	return &structpb.Struct{Fields: fields}, nil
}

func encodeValue(value any) (*structpb.Value, error) {
	switch typed := value.(type) {
	case unknown:
		return structpb.NewStringValue(unknownString), nil
	case secret:
		inner, err := encodeValue(typed.value)
		if err != nil {
			return nil, err
		}
		return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			signatureKey: structpb.NewStringValue(secretSignature), "value": inner,
		}}), nil
	case map[string]any:
		inner, err := encode(typed)
		return structpb.NewStructValue(inner), err
	case []any:
		list := make([]*structpb.Value, 0, len(typed))
		for _, item := range typed {
			encoded, err := encodeValue(item)
			if err != nil {
				return nil, err
			}
			list = append(list, encoded)
		}
		return structpb.NewListValue(&structpb.ListValue{Values: list}), nil
	default:
		return structpb.NewValue(value)
	}
}
