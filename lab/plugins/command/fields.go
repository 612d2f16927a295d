package main

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// kind is the type of a property, as a message names it.
type kind string

const (
	kindString  kind = "a string"
	kindNumber  kind = "a number"
	kindBoolean kind = "true or false"
	kindList    kind = "a list"
	kindMap     kind = "a map of strings"
	kindObject  kind = "an object" // its properties are in fields
)

// field describes one property of the command or of its connection.
type field struct {
	name     string
	kind     kind
	required bool
	secret   bool // its value is kept secret whatever the program said
	replace  bool // set or removed as a whole, it replaces the resource
	only     any  // the only value that is built
	fallback any  // filled in where the program left it out
	fields   []field
}

const commandType = "command:remote:Command"

var inputFields = []field{
	{name: "connection", kind: kindObject, required: true, secret: true, fields: connectionFields(true)},
	{name: "create", kind: kindString},
	{name: "update", kind: kindString}, // create, where it is left out
	{name: "triggers", kind: kindList, replace: true},
	{name: "stdin", kind: kindString},
	{name: "environment", kind: kindMap}, // the host must accept the variables: AcceptEnv
	{name: "logging", kind: kindString, required: true, only: "none"},
	{name: "addPreviousOutputInEnv", kind: kindBoolean, required: true, only: false},
}

// connectionFields describe a connection; one to a bastion has no bastion itself.
func connectionFields(bastion bool) []field {
	fields := []field{
		{name: "host", kind: kindString, required: true},
		{name: "port", kind: kindNumber, fallback: 22.0},
		{name: "user", kind: kindString, fallback: "root"},
		{name: "privateKey", kind: kindString, secret: true},
		{name: "agentSocketPath", kind: kindString}, // SSH_AUTH_SOCK, where it is left out
		{name: "hostKey", kind: kindString, required: true},
		{name: "dialErrorLimit", kind: kindNumber, fallback: 10.0}, // failed dials that are followed by another; -1: all
		{name: "perDialTimeout", kind: kindNumber, fallback: 15.0}, // seconds; 0: no limit
	}
	if !bastion {
		return fields
	}
	return append(fields, field{name: "proxy", kind: kindObject, fields: connectionFields(false)})
}

// holds says whether a known value has this kind.
func (k kind) holds(value resource.PropertyValue) bool {
	switch k {
	case kindString:
		return value.IsString()
	case kindNumber:
		return value.IsNumber()
	case kindBoolean:
		return value.IsBool()
	case kindList:
		return value.IsArray()
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
