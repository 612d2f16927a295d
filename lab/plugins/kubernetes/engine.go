package main

import (
	"context"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// engine sends messages to the terminal through Pulumi's engine. Without a connection it is silent.
type engine struct {
	mutex  sync.Mutex
	client pulumirpc.EngineClient
}

func (e *engine) connect(address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.client = pulumirpc.NewEngineClient(connection)
	return nil
}

func (e *engine) warn(urn, message string) {
	e.log(&pulumirpc.LogRequest{Severity: pulumirpc.LogSeverity_WARNING, Message: message, Urn: urn})
}

// progress shows what a resource is waiting for; the line goes away when the step ends.
func (e *engine) progress(urn, message string) {
	e.log(&pulumirpc.LogRequest{
		Severity: pulumirpc.LogSeverity_INFO, Message: message, Urn: urn, Ephemeral: true,
	})
}

func (e *engine) log(request *pulumirpc.LogRequest) {
	e.mutex.Lock()
	client := e.client
	e.mutex.Unlock()
	if client != nil {
		// A message that can't be shown must not fail the step it tells of.
		_, _ = client.Log(context.Background(), request)
	}
}
