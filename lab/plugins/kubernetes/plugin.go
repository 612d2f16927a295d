package main

import (
	"context"
	"fmt"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const releaseType = "kubernetes:helm.sh/v3:Release"

// plugin answers the engine. It routes each step to the code for objects or for Helm releases.
type plugin struct {
	pulumirpc.UnimplementedResourceProviderServer
	engine   *engine
	settings settings
	cluster  *cluster
	// running ends every wait when the engine cancels.
	running context.Context
	cancel  context.CancelFunc
}

func newPlugin() *plugin {
	running, cancel := context.WithCancel(context.Background())
	return &plugin{engine: &engine{}, running: running, cancel: cancel, cluster: unconfigured()}
}

func (p *plugin) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

func (p *plugin) Attach(_ context.Context, request *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, p.engine.connect(request.GetAddress())
}

func (p *plugin) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	p.cancel()
	return &emptypb.Empty{}, nil
}

func (p *plugin) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	schema := fmt.Sprintf(`{"name":"kubernetes","version":%q,"resources":{%q:{"inputProperties":{`+
		`"chart":{"type":"string"}},"requiredInputs":["chart"]}}}`, version, releaseType)
	return &pulumirpc.GetSchemaResponse{Schema: schema}, nil
}

func (p *plugin) Invoke(_ context.Context, request *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	return nil, unsupported("the function " + request.GetTok())
}

func (p *plugin) Call(_ context.Context, request *pulumirpc.CallRequest) (*pulumirpc.CallResponse, error) {
	return nil, unsupported("the method " + request.GetTok())
}

func (p *plugin) Construct(
	_ context.Context, request *pulumirpc.ConstructRequest,
) (*pulumirpc.ConstructResponse, error) {
	return nil, unsupported("the component " + request.GetType())
}

func (p *plugin) Parameterize(
	context.Context, *pulumirpc.ParameterizeRequest,
) (*pulumirpc.ParameterizeResponse, error) {
	return nil, unsupported("a package made from custom resource definitions")
}

func unsupported(what string) error {
	return status.Errorf(codes.Unimplemented, "the lab's stand-in of the Kubernetes plugin doesn't support %s; "+
		"install the released plugin to use it", what)
}

// typeOf reads the resource type of a URN: urn:pulumi:stack::project::[parent$]type::name.
func typeOf(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}

// nameOf reads the resource name of a URN.
func nameOf(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	return parts[len(parts)-1]
}

func (p *plugin) Check(ctx context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	if p.settings.skipUpdateUnreachable && len(request.GetOlds().GetFields()) > 0 {
		if err := p.cluster.reach(ctx); err != nil {
			p.engine.warn(request.GetUrn(), err.Error()+": skipUpdateUnreachable is set, so nothing changes")
			return &pulumirpc.CheckResponse{Inputs: request.GetOlds()}, nil
		}
	}
	if typeOf(request.GetUrn()) == releaseType {
		return p.checkRelease(request)
	}
	return p.checkObject(ctx, request)
}

func (p *plugin) Diff(_ context.Context, request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	if typeOf(request.GetUrn()) == releaseType {
		return diffRelease(request)
	}
	return p.diffObject(request)
}

func (p *plugin) Create(ctx context.Context, request *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	ctx, done := p.until(ctx)
	defer done()
	if typeOf(request.GetUrn()) == releaseType {
		return p.createRelease(ctx, request)
	}
	return p.createObject(ctx, request)
}

func (p *plugin) Update(ctx context.Context, request *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	ctx, done := p.until(ctx)
	defer done()
	if typeOf(request.GetUrn()) == releaseType {
		return p.updateRelease(ctx, request)
	}
	return p.updateObject(ctx, request)
}

func (p *plugin) Read(ctx context.Context, request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	ctx, done := p.until(ctx)
	defer done()
	if err := p.cluster.reach(ctx); err != nil {
		p.engine.warn(request.GetUrn(), err.Error())
		switch {
		case p.settings.deleteUnreachable:
			return &pulumirpc.ReadResponse{}, nil
		case p.settings.skipUpdateUnreachable:
			return &pulumirpc.ReadResponse{
				Id: request.GetId(), Properties: request.GetProperties(), Inputs: request.GetInputs(),
			}, nil
		}
		return nil, unreachableAdvice(err)
	}
	if typeOf(request.GetUrn()) == releaseType {
		return p.readRelease(ctx, request)
	}
	return p.readObject(ctx, request)
}

func (p *plugin) Delete(ctx context.Context, request *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	ctx, done := p.until(ctx)
	defer done()
	release := typeOf(request.GetUrn()) == releaseType
	if err := p.cluster.reach(ctx); err != nil {
		p.engine.warn(request.GetUrn(), err.Error())
		// The released plugin never drops a Release of a cluster it can't reach (pulumi-kubernetes#2675).
		if release {
			return nil, fmt.Errorf("can't delete Helm Release with unreachable cluster: %w", err)
		}
		if p.settings.deleteUnreachable {
			return &emptypb.Empty{}, nil
		}
		return nil, unreachableAdvice(err)
	}
	if release {
		return &emptypb.Empty{}, p.deleteRelease(ctx, request)
	}
	return &emptypb.Empty{}, p.deleteObject(ctx, request)
}

func unreachableAdvice(err error) error {
	return fmt.Errorf("%w. If the cluster was deleted, remove its resources from the state by running again with "+
		"PULUMI_K8S_DELETE_UNREACHABLE=true", err)
}

// until gives a context that ends when the engine cancels. A lost connection doesn't end it: as with the released plugin,
// a step whose engine was killed goes on until the process notices and exits, and is then left half-way.
func (p *plugin) until(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(p.running, func() { cancel(errCanceled) })
	return ctx, func() { stop(); cancel(nil) }
}

var errCanceled = fmt.Errorf("the run was canceled")

// initFailed reports a resource that exists but didn't become ready: the engine keeps it with the given state and
// inputs, and updates it in the next run.
func initFailed(id, message string, inputs, state map[string]any) error {
	properties, err := encode(state)
	if err != nil {
		return fmt.Errorf("%s (and its state can't be written: %w)", message, err)
	}
	applied, err := encode(inputs)
	if err != nil {
		return fmt.Errorf("%s (and its inputs can't be written: %w)", message, err)
	}
	result, err := status.New(codes.Unknown, message).WithDetails(
		&pulumirpc.ErrorResourceInitFailed{
			Id: id, Properties: properties, Inputs: applied, Reasons: []string{message},
		})
	if err != nil {
		return fmt.Errorf("%s (and its state can't be sent: %w)", message, err)
	}
	return result.Err()
}
