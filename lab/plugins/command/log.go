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
	engine pulumirpc.EngineClient // nil until an engine attaches: then nothing is logged
	urn    string
}

// status shows a line while the resource is worked on; it is not in the final output.
func (l *logger) status(message string) { l.log(pulumirpc.LogSeverity_INFO, message, true) }

func (l *logger) warning(message string)      { l.log(pulumirpc.LogSeverity_WARNING, message, false) }
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
	shown                  []*lineWriter
}

// stream is one of the command's output streams; show sends its lines to the log as they come.
func (c *captured) stream(kept *bytes.Buffer, show bool, log *logger) io.Writer {
	writers := []io.Writer{kept, &c.merged}
	if show {
		lines := &lineWriter{line: log.status}
		c.shown = append(c.shown, lines)
		writers = append(writers, lines)
	}
	return &lockedWriter{mu: &c.mu, writer: io.MultiWriter(writers...)}
}

// finish logs the last lines where they had no newline.
func (c *captured) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, lines := range c.shown {
		lines.flush()
	}
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

// lineWriter hands on whole lines of any length.
type lineWriter struct {
	line func(string)
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 {
			return len(data), nil
		}
		w.line(string(bytes.TrimSuffix(w.rest[:end], []byte("\r"))))
		w.rest = w.rest[end+1:]
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.line(string(w.rest))
		w.rest = nil
	}
}
