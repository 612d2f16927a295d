// Package v2 registers the resources of the components that read YAML.
package v2

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource refuses: for each kind there would be a generated type, and compiling these takes 25 minutes.
func RegisterResource(
	_ *pulumi.Context, apiVersion, kind, name string, _ pulumi.Input, _ ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	return nil, fmt.Errorf("%s of kind %s %s: ConfigFile, ConfigGroup and Chart v4 are not in this build of the Kubernetes "+
		"plugin; install the released plugin", name, apiVersion, kind)
}
