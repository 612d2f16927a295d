// Command pulumi-resource-kubernetes is Pulumi's provider for Kubernetes. Its module's own main package embeds files that
// only the provider's build makes; this one reads the files that they are made of, from the folder of the executable.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	provider.Serve("kubernetes", version.Version, read("kubernetes-schema.json"), read("kubernetes-terraform-mapping.json"))
}

func read(name string) []byte {
	executable, err := os.Executable()
	if err == nil {
		var text []byte
		if text, err = os.ReadFile(filepath.Join(filepath.Dir(executable), name)); err == nil {
			return text
		}
	}
	fmt.Fprintln(os.Stderr, "pulumi-resource-kubernetes:", err)
	os.Exit(1)
	return nil
}
