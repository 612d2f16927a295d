package main

import (
	"encoding/json"
	"fmt"
)

type object = map[string]any

// schemaJSON is the package's schema, for `pulumi package get-schema` and for the engine.
func schemaJSON() (string, error) {
	types, resources := object{}, object{}
	enum := make([]object, 0, len(loggingValues))
	for _, value := range loggingValues {
		enum = append(enum, object{"name": value, "value": value})
	}
	for token, kind := range resourceTypes {
		module := token[:len(token)-len(":Command")]
		types[module+":Logging"] = object{"type": "string", "enum": enum}
		all := append(append([]field{}, kind.inputs...), kind.outputs...)
		properties, required := describe(all, module, types)
		inputs, requiredInputs := describe(kind.inputs, module, types)
		resources[token] = object{
			"description": kind.description, "properties": properties, "required": required,
			"inputProperties": inputs, "requiredInputs": requiredInputs,
		}
	}
	text, err := json.Marshal(object{
		"name": "command", "version": version, "displayName": "Command",
		"description": "Runs commands here and on other hosts: the homelab's stand-in for the released plugin.",
		"types":       types, "resources": resources, "provider": object{}, "config": object{},
	})
	if err != nil {
		return "", fmt.Errorf("write the schema: %w", err)
	}
	return string(text), nil
}

// describe turns fields into the schema's properties, and adds the types they need.
func describe(fields []field, module string, types object) (object, []string) {
	properties, required := object{}, []string{}
	for _, f := range fields {
		property := f.kind.schema(module)
		if f.kind == kindObject {
			inner, innerRequired := describe(f.fields, module, types)
			types[f.typeName] = object{"type": "object", "properties": inner, "required": innerRequired}
			property["$ref"] = "#/types/" + f.typeName
		}
		property["description"] = f.description
		if f.secret {
			property["secret"] = true
		}
		if f.replace {
			property["replaceOnChanges"] = true
		}
		if f.fallback != nil {
			property["default"] = f.fallback
		}
		if f.required {
			required = append(required, f.name)
		}
		properties[f.name] = property
	}
	return properties, required
}

func (k kind) schema(module string) object {
	switch k {
	case kindLogging:
		return object{"$ref": "#/types/" + module + ":Logging"}
	case kindList:
		return object{"type": "array", "items": object{"$ref": "pulumi.json#/Any"}}
	case kindStrings:
		return object{"type": "array", "items": object{"type": "string"}}
	case kindMap:
		return object{"type": "object", "additionalProperties": object{"type": "string"}}
	case kindObject:
		return object{}
	default:
		return object{"type": string(k)}
	}
}
