package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// always is what the program gives every command: without it the released plugin shows and sends output.
var always = properties{"logging": "none", "addPreviousOutputInEnv": false}

// subject is one resource, as the engine works on it.
type subject struct {
	process
	urn   string
	limit time.Duration
}

func (p process) remote() subject { return p.resource("command:remote:Command") }

func (p process) resource(typeName string) subject {
	return subject{process: p, urn: "urn:pulumi:stack::project::" + typeName + "::name", limit: time.Minute}
}

// check returns the inputs as the plugin completed them; a failure of the check ends the case.
func (s subject) check(t *testing.T, inputs properties) *structpb.Struct {
	t.Helper()
	answer := s.checked(t, inputs)
	if len(answer.GetFailures()) > 0 {
		t.Fatalf("check failed: %v", answer.GetFailures())
	}
	return answer.GetInputs()
}

func (s subject) checked(t *testing.T, inputs properties) *pulumirpc.CheckResponse {
	t.Helper()
	answer, err := s.Check(within(t, s.limit), &pulumirpc.CheckRequest{Urn: s.urn, News: sent(t, always.with(inputs))})
	must(t, err)
	return answer
}

// create makes the resource and returns its state.
func (s subject) create(t *testing.T, inputs properties) *structpb.Struct {
	t.Helper()
	state, err := s.tryCreate(t, inputs)
	must(t, err)
	return state
}

func (s subject) tryCreate(t *testing.T, inputs properties) (*structpb.Struct, error) {
	t.Helper()
	answer, err := s.Create(within(t, s.limit), &pulumirpc.CreateRequest{Urn: s.urn, Properties: s.check(t, inputs)})
	if err == nil && !strings.HasPrefix(answer.GetId(), "name") {
		t.Fatalf("the id %q does not start with the resource's name", answer.GetId())
	}
	return answer.GetProperties(), err
}

// creating makes the resource in the background.
func (s subject) creating(t *testing.T, inputs properties) <-chan error {
	t.Helper()
	request := &pulumirpc.CreateRequest{Urn: s.urn, Properties: s.check(t, inputs)}
	ctx, ended := within(t, s.limit), make(chan error, 1)
	go func() {
		_, err := s.Create(ctx, request)
		ended <- err
	}()
	return ended
}

func (s subject) previewCreate(t *testing.T, inputs properties) resource.PropertyMap {
	t.Helper()
	answer, err := s.Create(within(t, s.limit),
		&pulumirpc.CreateRequest{Urn: s.urn, Properties: s.check(t, inputs), Preview: true})
	must(t, err)
	return received(t, answer.GetProperties())
}

func (s subject) update(t *testing.T, state *structpb.Struct, inputs properties) *structpb.Struct {
	t.Helper()
	return s.changed(t, state, inputs, false)
}

func (s subject) previewUpdate(t *testing.T, state *structpb.Struct, inputs properties) resource.PropertyMap {
	t.Helper()
	return received(t, s.changed(t, state, inputs, true))
}

func (s subject) changed(t *testing.T, state *structpb.Struct, inputs properties, preview bool) *structpb.Struct {
	t.Helper()
	answer, err := s.tryUpdate(t, state, inputs, preview)
	must(t, err)
	return answer.GetProperties()
}

func (s subject) tryUpdate(
	t *testing.T, state *structpb.Struct, inputs properties, preview bool,
) (*pulumirpc.UpdateResponse, error) {
	t.Helper()
	return s.Update(within(t, s.limit), &pulumirpc.UpdateRequest{
		Urn: s.urn, Id: "name1", Olds: state, News: s.check(t, inputs), Preview: preview,
	})
}

func (s subject) remove(t *testing.T, state *structpb.Struct) error {
	t.Helper()
	_, err := s.Delete(within(t, s.limit), &pulumirpc.DeleteRequest{Urn: s.urn, Id: "name1", Properties: state})
	return err
}

// diff compares two sets of inputs; the state is that of the first ones.
func (s subject) diff(t *testing.T, before, after properties) *pulumirpc.DiffResponse {
	t.Helper()
	old := s.check(t, before)
	answer, err := s.Diff(within(t, s.limit), &pulumirpc.DiffRequest{
		Urn: s.urn, Id: "name1", Olds: old, OldInputs: old, News: s.check(t, after),
	})
	must(t, err)
	return answer
}
