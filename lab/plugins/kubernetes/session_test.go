package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

type structure = structpb.Struct

func background() context.Context { return context.Background() }

var buildOnce = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PLUGIN"); path != "" {
		return path, nil
	}
	path := filepath.Join(scratch, "pulumi-resource-kubernetes")
	output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the plugin: %w\n%s", err, output)
	}
	return path, nil
})

// session is one run of the plugin, driven as the engine does.
type session struct {
	t       *testing.T
	client  pulumirpc.ResourceProviderClient
	process *os.Process
	exited  chan struct{}
	engine  *grpc.Server
	mutex   sync.Mutex
	logged  []string
}

// terminal takes the messages that the plugin sends to the engine.
type terminal struct {
	pulumirpc.UnimplementedEngineServer
	session *session
}

func (e terminal) Log(_ context.Context, request *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.session.mutex.Lock()
	defer e.session.mutex.Unlock()
	e.session.logged = append(e.session.logged, request.GetMessage())
	return &emptypb.Empty{}, nil
}

// start runs the plugin and configures it with the provider's options.
func start(t *testing.T, options map[string]any) *session {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	result := &session{t: t, exited: make(chan struct{}), engine: grpc.NewServer()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	engine := result.engine
	pulumirpc.RegisterEngineServer(engine, terminal{session: result})
	grpc_health_v1.RegisterHealthServer(engine, health.NewServer())
	go func() { _ = engine.Serve(listener) }()
	t.Cleanup(engine.Stop)
	plugin := exec.Command(path, listener.Addr().String())
	plugin.Stderr = os.Stderr
	output, err := plugin.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := plugin.Start(); err != nil {
		t.Fatal(err)
	}
	result.process = plugin.Process
	go func() { _ = plugin.Wait(); close(result.exited) }()
	t.Cleanup(func() { _ = plugin.Process.Kill(); <-result.exited })
	port, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the plugin printed no port: %v", err)
	}
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	result.client = pulumirpc.NewResourceProviderClient(connection)
	result.configure(options)
	return result
}

func (s *session) configure(options map[string]any) {
	s.t.Helper()
	arguments := s.encode(options)
	checked := must(s.client.CheckConfig(background(), &pulumirpc.CheckRequest{Urn: providerURN, News: arguments}))(s.t)
	variables := map[string]string{}
	for name, value := range options {
		if text, ok := plain(value).(string); ok {
			variables["kubernetes:config:"+name] = text
		}
	}
	must(s.client.Configure(background(), &pulumirpc.ConfigureRequest{
		Variables: variables, Args: checked.GetInputs(), AcceptSecrets: true, AcceptResources: true, SendsOldInputs: true,
	}))(s.t)
}

// standInOnly skips what the released plugin does otherwise, with the difference as the reason.
func standInOnly(t *testing.T, difference string) {
	t.Helper()
	if os.Getenv("PLUGIN") != "" {
		t.Skip("the released plugin: " + difference)
	}
}
