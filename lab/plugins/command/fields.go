package main

// kind is the type of a property, by its name in Pulumi's schema where it has one there.
type kind string

const (
	kindString  kind = "string"
	kindNumber  kind = "number"
	kindInteger kind = "integer"
	kindBoolean kind = "boolean"
	kindLogging kind = "logging" // one of loggingValues
	kindList    kind = "list"    // of anything
	kindStrings kind = "strings" // a list of strings
	kindMap     kind = "map"     // of strings
	kindObject  kind = "object"  // its properties are in fields
)

// field describes one property of a resource or of a nested object.
type field struct {
	name        string
	kind        kind
	required    bool
	secret      bool // its value is kept secret whatever the program said
	replace     bool // set or removed as a whole, it replaces the resource
	refused     bool // the released plugin has it, this one does not
	fallback    any  // filled in where the program left it out
	typeName    string
	fields      []field
	description string
}

var loggingValues = []string{"stdout", "stderr", "stdoutAndStderr", "none"}

// resourceType is one kind of resource: its inputs, and what it answers beside them.
type resourceType struct {
	description string
	inputs      []field
	outputs     []field
}

var resourceTypes = map[string]resourceType{
	"command:remote:Command": {
		description: "A command that runs on another host, over SSH.",
		inputs: append(commandFields(), field{
			name: "connection", kind: kindObject, typeName: "command:remote:Connection", required: true, secret: true,
			fields: connectionFields(true), description: "How to reach the host.",
		}),
		outputs: outputFields(),
	},
	"command:local:Command": {
		description: "A command that runs on the computer where Pulumi runs.",
		inputs: append(commandFields(),
			field{name: "interpreter", kind: kindStrings, description: "Program and arguments before the command; /bin/sh -c by default."},
			field{name: "dir", kind: kindString, description: "The directory to run in."},
			field{name: "assetPaths", kind: kindStrings, refused: true, description: "Not in the stand-in."},
			field{name: "archivePaths", kind: kindStrings, refused: true, description: "Not in the stand-in."},
		),
		outputs: outputFields(),
	},
}

func commandFields() []field {
	return []field{
		{name: "create", kind: kindString, description: "Runs when the resource is made, and on a change where there is no update."},
		{name: "update", kind: kindString, description: "Runs when an input has changed."},
		{name: "delete", kind: kindString, description: "Runs when the resource is removed."},
		{name: "triggers", kind: kindList, replace: true, description: "The resource is replaced when one of these values changes."},
		{name: "stdin", kind: kindString, description: "What the command reads from its standard input."},
		{name: "logging", kind: kindLogging, description: "Which output to show while the command runs; both by default."},
		{name: "environment", kind: kindMap, description: "Variables for the command; over SSH the host must accept them (AcceptEnv)."},
		{
			name: "addPreviousOutputInEnv", kind: kindBoolean,
			description: "Pass the last output as PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR; true by default.",
		},
	}
}

func outputFields() []field {
	return []field{
		{name: "stdout", kind: kindString, required: true, description: "What the command wrote to standard output, less one last newline."},
		{name: "stderr", kind: kindString, required: true, description: "What the command wrote to standard error, less one last newline."},
	}
}

// connectionFields describe a connection; one to a bastion has no bastion of its own.
func connectionFields(bastion bool) []field {
	fields := []field{
		{name: "host", kind: kindString, required: true, description: "Name or address of the host."},
		{name: "port", kind: kindNumber, fallback: 22.0, description: "Its SSH port."},
		{name: "user", kind: kindString, fallback: "root", description: "Who logs in."},
		{name: "password", kind: kindString, secret: true, description: "Password of the user."},
		{name: "privateKey", kind: kindString, secret: true, description: "Private key, in PEM or OpenSSH form."},
		{name: "privateKeyPassword", kind: kindString, secret: true, description: "Passphrase of the private key."},
		{name: "agentSocketPath", kind: kindString, description: "Socket of an SSH agent; SSH_AUTH_SOCK by default."},
		{name: "hostKey", kind: kindString, description: "The host's public key; without it any key is accepted."},
		{
			name: "dialErrorLimit", kind: kindInteger, fallback: 10.0,
			description: "How many failed dials are followed by another one; -1: always.",
		},
		{name: "perDialTimeout", kind: kindInteger, fallback: 15.0, description: "Seconds for one dial; 0: no limit."},
	}
	if !bastion {
		return fields
	}
	return append(fields, field{
		name: "proxy", kind: kindObject, typeName: "command:remote:ProxyConnection",
		fields: connectionFields(false), description: "The bastion to go through.",
	})
}
