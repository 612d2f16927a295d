package main

import (
	"bytes"
	"context"
	"io"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// logger writes to the engine's log, beside the resource that is worked on.
type logger struct {
	engine pulumirpc.EngineClient // nil without an engine: then nothing is logged
	urn    string
}

// status shows a line while the resource is worked on; it is not in the final output.
func (l *logger) status(message string) { l.log(pulumirpc.LogSeverity_INFO, message, true) }

func (l *logger) errorMessage(message string) { l.log(pulumirpc.LogSeverity_ERROR, message, false) }

func (l *logger) log(severity pulumirpc.LogSeverity, message string, ephemeral bool) {
	if l.engine == nil {
		return
	}
	// A lost line is no reason to fail a command.
	_, _ = l.engine.Log(context.Background(), &pulumirpc.LogRequest{
		Severity: severity, Message: message, Urn: l.urn, Ephemeral: ephemeral,
	})
}

// captured is what a command wrote: each stream alone, and both in the order of arrival for an error's text.
type captured struct {
	mu                     sync.Mutex
	stdout, stderr, merged bytes.Buffer
}

// stream is one of the command's output streams.
func (c *captured) stream(kept *bytes.Buffer) io.Writer {
	return &lockedWriter{mu: &c.mu, writer: io.MultiWriter(kept, &c.merged)}
}

func (c *captured) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.merged.String()
}

type lockedWriter struct {
	mu     *sync.Mutex
	writer io.Writer
}

func (w *lockedWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writer.Write(data)
}
