package main

import (
	"context"
	"fmt"
	"sync"

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

	mu             sync.Mutex
	engine         pulumirpc.EngineClient
	sendsOldInputs bool
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engine = pulumirpc.NewEngineClient(connection)
	return nil
}

func (s *server) logger(urn string) *logger {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &logger{engine: s.engine, urn: urn}
}

func (s *server) Attach(_ context.Context, request *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, s.connectEngine(request.GetAddress())
}

func (s *server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

func (s *server) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	text, err := schemaJSON()
	return &pulumirpc.GetSchemaResponse{Schema: text}, err
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sendsOldInputs = request.GetSendsOldInputs()
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true, AcceptResources: true}, nil
}

func (s *server) Invoke(_ context.Context, request *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	return nil, status.Errorf(codes.Unimplemented,
		"the function %s is not in the lab's stand-in for the plugin command: use the released plugin",
		request.GetTok())
}

// Cancel ends every running command and dial, and every later one.
func (s *server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	s.cancel()
	return &emptypb.Empty{}, nil
}
