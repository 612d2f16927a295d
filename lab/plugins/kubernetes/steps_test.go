package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/status"
)

const providerURN = "urn:pulumi:test::contract::pulumi:providers:kubernetes::cluster"

// custom is a resource of a stack: what the engine knows of it between two runs.
type custom struct {
	urn, id         string
	inputs, outputs map[string]any
}

func declare(token, name string) *custom {
	return &custom{urn: "urn:pulumi:test::contract::" + token + "::" + name}
}

// must fails the test on an error: must(call())(t).
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func (s *session) encode(value map[string]any) (result *structure) {
	s.t.Helper()
	return must(encode(value))(s.t)
}

func (s *session) decode(value *structure) map[string]any {
	s.t.Helper()
	return must(decode(value))(s.t)
}

// check completes the inputs of a resource as the first part of every step.
func (s *session) check(resource *custom, inputs map[string]any) (map[string]any, error) {
	s.t.Helper()
	request := &pulumirpc.CheckRequest{
		Urn: resource.urn, News: s.encode(inputs), RandomSeed: []byte(resource.urn), Type: typeOf(resource.urn),
		Name: nameOf(resource.urn),
	}
	if resource.id != "" {
		request.Olds = s.encode(resource.inputs)
	}
	response, err := s.client.Check(background(), request)
	if err != nil {
		return nil, err
	}
	if failures := response.GetFailures(); len(failures) > 0 {
		return nil, fmt.Errorf("%s: %s", failures[0].GetProperty(), failures[0].GetReason())
	}
	return s.decode(response.GetInputs()), nil
}

// create makes a resource, or previews it; on a failed initialization the resource keeps its state, as in the engine.
func (s *session) create(resource *custom, inputs map[string]any, preview bool) error {
	s.t.Helper()
	checked, err := s.check(resource, inputs)
	if err != nil {
		return err
	}
	response, err := s.client.Create(background(), &pulumirpc.CreateRequest{
		Urn: resource.urn, Properties: s.encode(checked), Preview: preview, Type: typeOf(resource.urn),
		Name: nameOf(resource.urn),
	})
	resource.inputs = checked
	if err != nil {
		s.keepPartial(resource, err)
		return err
	}
	resource.id, resource.outputs = response.GetId(), s.decode(response.GetProperties())
	return nil
}

func (s *session) keepPartial(resource *custom, err error) {
	for _, detail := range status.Convert(err).Details() {
		if partial, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
			resource.id, resource.outputs = partial.GetId(), s.decode(partial.GetProperties())
			if partial.GetInputs() != nil {
				resource.inputs = s.decode(partial.GetInputs())
			}
		}
	}
}

// diff checks new inputs and compares them with the resource's.
func (s *session) diff(resource *custom, inputs map[string]any) *pulumirpc.DiffResponse {
	s.t.Helper()
	checked := must(s.check(resource, inputs))(s.t)
	return must(s.client.Diff(background(), &pulumirpc.DiffRequest{
		Id: resource.id, Urn: resource.urn, Olds: s.encode(resource.outputs), OldInputs: s.encode(resource.inputs),
		News: s.encode(checked), Type: typeOf(resource.urn), Name: nameOf(resource.urn),
	}))(s.t)
}

func (s *session) update(resource *custom, inputs map[string]any, preview bool) error {
	s.t.Helper()
	checked, err := s.check(resource, inputs)
	if err != nil {
		return err
	}
	response, err := s.client.Update(background(), &pulumirpc.UpdateRequest{
		Id: resource.id, Urn: resource.urn, Olds: s.encode(resource.outputs), OldInputs: s.encode(resource.inputs),
		News: s.encode(checked), Preview: preview, Type: typeOf(resource.urn), Name: nameOf(resource.urn),
	})
	if err != nil {
		s.keepPartial(resource, err)
		return err
	}
	if !preview {
		resource.inputs, resource.outputs = checked, s.decode(response.GetProperties())
	}
	return nil
}

// refresh reads a resource; one that is gone loses its id.
func (s *session) refresh(resource *custom) error {
	s.t.Helper()
	response, err := s.client.Read(background(), &pulumirpc.ReadRequest{
		Id: resource.id, Urn: resource.urn, Properties: s.encode(resource.outputs), Inputs: s.encode(resource.inputs),
		Type: typeOf(resource.urn), Name: nameOf(resource.urn),
	})
	if err != nil {
		return err
	}
	resource.id = response.GetId()
	resource.outputs, resource.inputs = s.decode(response.GetProperties()), s.decode(response.GetInputs())
	return nil
}

func (s *session) delete(resource *custom) error {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(background(), time.Minute)
	defer cancel()
	_, err := s.client.Delete(ctx, &pulumirpc.DeleteRequest{
		Id: resource.id, Urn: resource.urn, Properties: s.encode(resource.outputs), OldInputs: s.encode(resource.inputs),
		Type: typeOf(resource.urn), Name: nameOf(resource.urn),
	})
	return err
}

// messages are all lines that the plugin has shown so far.
func (s *session) messages() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return strings.Join(s.logged, "\n")
}
