// Pulumi-resource-command is used where the released Pulumi plugin `command` can't be downloaded. It has what the program
// uses of it: remote.Command, which runs commands over SSH.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// version is the release whose behaviour this program has; the build may set it.
var version = "1.2.1"

// engineCheckEvery is how soon the plugin notices that its engine was killed and ends itself.
const engineCheckEvery = time.Minute

func main() {
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-resource-command: %v\n", err)
		os.Exit(1)
	}
}

// serve listens on a loopback port, prints it (the engine waits for that line) and answers until it is ended.
func serve() error {
	flag.String("tracing", "", "accepted because the engine may pass it; nothing is traced")
	flag.Parse()
	logging.InitLogging(false, 0, false)

	server := newServer()
	stop := make(chan bool)
	if address := flag.Arg(0); address != "" {
		if err := server.connectEngine(address); err != nil {
			return err
		}
		lost := func() {
			server.cancel()
			close(stop)
		}
		if err := rpcutil.Healthcheck(context.Background(), address, engineCheckEvery, lost); err != nil {
			return fmt.Errorf("watch the engine at %s: %w", address, err)
		}
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(grpcServer *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(grpcServer, server)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("listen for the engine: %w", err)
	}
	fmt.Printf("%d\n", handle.Port)
	return <-handle.Done
}
