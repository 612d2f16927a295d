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
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

type structure = structpb.Struct

func background() context.Context { return context.Background() }

var buildOnce = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PLUGIN"); path != "" {
		return path, nil
	}
	folder, err := os.MkdirTemp("", "plugin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "pulumi-resource-kubernetes")
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
	result := &session{t: t}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	engine := grpc.NewServer()
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
	t.Cleanup(func() { _ = plugin.Process.Kill(); _ = plugin.Wait() })
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
