package main

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// server answers the engine. Operations run side by side; each is ended by Cancel.
type server struct {
	pulumirpc.UnimplementedResourceProviderServer

	// ended is done as soon as the engine asks to cancel, or is gone.
	ended  context.Context
	cancel context.CancelFunc

	engine pulumirpc.EngineClient // nil without an engine
}

func newServer() *server {
	ended, cancel := context.WithCancel(context.Background())
	return &server{ended: ended, cancel: cancel}
}

func (s *server) connectEngine(address string) error {
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
	if err != nil {
		return fmt.Errorf("connect to the engine at %s: %w", address, err)
	}
	s.engine = pulumirpc.NewEngineClient(connection)
	return nil
}

func (s *server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

// CheckConfig returns the provider's settings as they came: it has none of its own.
func (s *server) CheckConfig(
	_ context.Context, request *pulumirpc.CheckRequest,
) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: request.GetNews()}, nil
}

// DiffConfig never asks to replace the provider: it has no settings.
func (s *server) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (s *server) Configure(
	_ context.Context, request *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	if !request.GetSendsOldInputs() {
		return nil, status.Error(codes.FailedPrecondition, "the engine is too old: it doesn't send the inputs of before")
	}
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true, AcceptResources: true}, nil
}

// Cancel ends every running command and dial, and every later one.
func (s *server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	s.cancel()
	return &emptypb.Empty{}, nil
}
