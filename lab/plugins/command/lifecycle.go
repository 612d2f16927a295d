package main

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

func (s *server) Check(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	if err := mustBeCommand(request.GetUrn()); err != nil {
		return nil, err
	}
	news, err := unmarshal(request.GetNews())
	if err != nil {
		return nil, err
	}
	checked, failures := check(news, inputFields, commandType)
	inputs, err := marshal(checked)
	return &pulumirpc.CheckResponse{Inputs: inputs, Failures: failures}, err
}

func (s *server) Create(
	call context.Context, request *pulumirpc.CreateRequest,
) (*pulumirpc.CreateResponse, error) {
	if err := mustBeCommand(request.GetUrn()); err != nil {
		return nil, err
	}
	inputs, err := unmarshal(request.GetProperties())
	if err != nil {
		return nil, err
	}
	id, err := resource.NewUniqueHex(resource.URN(request.GetUrn()).Name(), 8, 0)
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	state := withOutputs(inputs, output{})
	if request.GetPreview() {
		unknownOutputs(state)
	} else {
		operation := s.begin(call, request.GetUrn(), request.GetTimeout())
		defer operation.end()
		if state, err = operation.apply(inputs, nil, inputs["create"]); err != nil {
			return nil, err
		}
	}
	properties, err := marshal(state)
	return &pulumirpc.CreateResponse{Id: id, Properties: properties}, err
}

func (s *server) Update(
	call context.Context, request *pulumirpc.UpdateRequest,
) (*pulumirpc.UpdateResponse, error) {
	if err := mustBeCommand(request.GetUrn()); err != nil {
		return nil, err
	}
	old, err := unmarshal(request.GetOlds())
	if err != nil {
		return nil, err
	}
	inputs, err := unmarshal(request.GetNews())
	if err != nil {
		return nil, err
	}
	state := withOutputs(inputs, outputOf(old))
	if request.GetPreview() {
		unknownOnUpdate(state, old, inputs)
	} else {
		command, given := inputs["update"]
		if !given {
			command = inputs["create"]
		}
		operation := s.begin(call, request.GetUrn(), request.GetTimeout())
		defer operation.end()
		if state, err = operation.apply(inputs, old, command); err != nil {
			return nil, err
		}
	}
	properties, err := marshal(state)
	return &pulumirpc.UpdateResponse{Properties: properties}, err
}

// Delete runs nothing: a command without a delete is only forgotten.
func (s *server) Delete(_ context.Context, request *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, mustBeCommand(request.GetUrn())
}

// Read returns what it was given: nothing on the host says what a command did.
func (s *server) Read(_ context.Context, request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	if err := mustBeCommand(request.GetUrn()); err != nil {
		return nil, err
	}
	return &pulumirpc.ReadResponse{
		Id: request.GetId(), Properties: request.GetProperties(), Inputs: request.GetInputs(),
	}, nil
}
