// Package kubernetes has the one type of the Kubernetes SDK that the provider takes from here.
package kubernetes

import "reflect"

// UntypedArgs are the inputs of a resource by name.
type UntypedArgs map[string]any

// ElementType makes them an input of a resource.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeFor[map[string]any]()
}
