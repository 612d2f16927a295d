// Package fieldpath has the names that the Kubernetes provider uses of version 4. They are those of version 6, which the
// provider's dependencies give it sets of.
package fieldpath

import "sigs.k8s.io/structured-merge-diff/v6/fieldpath"

type (
	Path = fieldpath.Path
	Set  = fieldpath.Set
)

var MakePath = fieldpath.MakePath
