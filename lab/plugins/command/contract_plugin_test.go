package main_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// binary is the plugin under test: the one that PLUGIN names, or else the one of this folder, built by TestMain.
var binary = os.Getenv("PLUGIN")

func TestMain(m *testing.M) {
	os.Exit(func() int {
		if binary != "" {
			return m.Run()
		}
		folder, err := os.MkdirTemp("", "plugin")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		binary = filepath.Join(folder, "pulumi-resource-command")
		build := exec.Command("go", "build", "-o", binary, ".")
		if text, err := build.CombinedOutput(); err != nil {
			panic(fmt.Sprintf("build the plugin: %v\n%s", err, text))
		}
		return m.Run()
	}())
}

// builtOnly skips a case that the released plugin, 1.2.1, does not pass; the reason says what it does instead.
func builtOnly(t *testing.T, released string) {
	t.Helper()
	if os.Getenv("PLUGIN") != "" {
		t.Skipf("the released plugin: %s", released)
	}
}

// engine is the plugin's other side: it keeps what the plugin logs.
type engine struct {
	pulumirpc.UnimplementedEngineServer

	mu   sync.Mutex
	logs []*pulumirpc.LogRequest
}

func (e *engine) Log(_ context.Context, request *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.logs = append(e.logs, request)
	return &emptypb.Empty{}, nil
}

// logged returns the lines that hold a text; with an empty text, all.
func (e *engine) logged(text string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var lines []string
	for _, request := range e.logs {
		if strings.Contains(request.GetMessage(), text) {
			lines = append(lines, request.GetMessage())
		}
	}
	return lines
}

// process is a running plugin.
type process struct {
	pulumirpc.ResourceProviderClient
	engine *engine
}

// startPlugin starts the binary the way the engine does, with more variables for its environment, and configures it.
func startPlugin(t *testing.T, variables ...string) process {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	host := &engine{}
	server := grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, host)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)

	command := exec.Command(binary, listener.Addr().String())
	environment := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SSH_AUTH_SOCK=") })
	command.Env = append(environment, variables...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(line),
		grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
	must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	client := pulumirpc.NewResourceProviderClient(connection)
	configured, err := client.Configure(within(t, 20*time.Second), &pulumirpc.ConfigureRequest{
		AcceptSecrets: true, AcceptResources: true, SendsOldInputs: true, SendsOldInputsToDelete: true,
	})
	must(t, err)
	if !configured.GetAcceptSecrets() || !configured.GetSupportsPreview() {
		t.Fatalf("the plugin must accept secrets and support previews: %v", configured)
	}
	return process{ResourceProviderClient: client, engine: host}
}

// within is a context for one call.
func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
