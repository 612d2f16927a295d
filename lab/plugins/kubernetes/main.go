// Command pulumi-resource-kubernetes stands in for the released Pulumi plugin `kubernetes` where that can't be
// downloaded. It speaks Pulumi's plugin protocol and acts on a real cluster: server-side apply for objects, the Helm
// library for releases.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"k8s.io/klog/v2"
)

var version = "4.34.2"

// maxMessage is the limit Pulumi sets for one message on its gRPC connections, in bytes.
const maxMessage = 400 * 1024 * 1024

func main() {
	silenceLibraries()
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-kubernetes:", err)
		os.Exit(1)
	}
}

// silenceLibraries keeps what the Kubernetes client and Helm log away from the terminal: it is not for the person there,
// and may quote values.
func silenceLibraries() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	log.SetOutput(io.Discard)
}

// serve listens on a free port of the loopback interface, prints the port, which is how the engine finds it, and
// serves until the engine is gone. The engine passes its own address as the last argument.
func serve(arguments []string) error {
	plugin := newPlugin()
	if len(arguments) > 0 {
		address := arguments[len(arguments)-1]
		if err := plugin.engine.connect(address); err != nil {
			return err
		}
		go exitWithEngine(address)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	pulumirpc.RegisterResourceProviderServer(server, plugin)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

// exitWithEngine ends the process once the engine's address doesn't answer any more: an engine that was killed tells
// its plugins nothing, and one that goes on would be a second writer.
func exitWithEngine(address string) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return
	}
	client := grpc_health_v1.NewHealthClient(connection)
	for failures := 0; failures < 3; {
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		_, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		cancel()
		if status.Code(err) == codes.Unavailable {
			failures++
		} else {
			failures = 0
		}
	}
	os.Exit(0)
}
