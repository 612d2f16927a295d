package main

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// output is what a command wrote, each without one last newline.
type output struct{ stdout, stderr string }

func outputOf(state resource.PropertyMap) output {
	stdout, _ := stringOf(state["stdout"])
	stderr, _ := stringOf(state["stderr"])
	return output{stdout: stdout, stderr: stderr}
}

func trimmed(stdout, stderr string) output {
	return output{stdout: strings.TrimSuffix(stdout, "\n"), stderr: strings.TrimSuffix(stderr, "\n")}
}

// withOutputs is the state of a resource: its inputs, as secret as they were, and the last output.
// Like the released plugin's, the output is not secret of itself, whatever it was made from.
func withOutputs(inputs resource.PropertyMap, written output) resource.PropertyMap {
	state := inputs.Copy()
	state["stdout"] = resource.NewProperty(written.stdout)
	state["stderr"] = resource.NewProperty(written.stderr)
	return state
}

// unknownOutputs marks what a preview can't know.
func unknownOutputs(state resource.PropertyMap) {
	for _, name := range []resource.PropertyKey{"stdout", "stderr"} {
		state[name] = resource.MakeComputed(resource.NewProperty(""))
	}
}

// unknownOnUpdate marks the outputs where an input is unknown or differs from the one in the state.
// Like the released plugin, it takes an input that was not there before for no change of the outputs.
func unknownOnUpdate(state, old, inputs resource.PropertyMap) {
	for _, f := range inputFields {
		key := resource.PropertyKey(f.name)
		before, was := old[key]
		now, is := inputs[key]
		if (is && unknown(now)) || (was && !now.DeepEquals(before)) {
			unknownOutputs(state)
			return
		}
	}
}

func unknown(value resource.PropertyValue) bool {
	for value.IsSecret() {
		value = value.SecretValue().Element
	}
	return value.IsComputed()
}
