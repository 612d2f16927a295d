// Package controllers stands in for sigs.k8s.io/mcs-api/controllers, which not every module proxy serves.
// Cilium uses one constant of it.
package controllers

// DerivedServiceAnnotation names, on a ServiceImport, the Service that was derived from it.
const DerivedServiceAnnotation = "multicluster.kubernetes.io/derived-service"
