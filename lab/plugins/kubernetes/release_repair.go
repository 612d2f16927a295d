package main

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// remains tells what a repair has left of a release.
type remains int

const (
	untouched remains = iota
	nothingLeft
)

// repair clears away an operation that a killed run left half-way, which would make Helm refuse the next one:
//
//   - an unfinished first install, or an unfinished uninstall, is uninstalled: there is nothing to keep;
//   - an unfinished upgrade or rollback is rolled back to the last deployed revision, which takes away the objects that
//     only the unfinished one had.
func (p *plugin) repair(
	ctx context.Context, urn string, helm *action.Configuration, spec releaseSpec,
) (remains, error) {
	last, err := helm.Releases.Last(spec.Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return untouched, nil
	}
	if err != nil {
		return untouched, fmt.Errorf("reading the releases of the namespace %s: %w", spec.Namespace, err)
	}
	status := last.Info.Status
	if !status.IsPending() && status != release.StatusUninstalling {
		return untouched, nil
	}
	p.engine.warn(urn, fmt.Sprintf("Helm release %s/%s was left as %s by a run that ended half-way: repairing it",
		spec.Namespace, spec.Name, status))
	deployed, err := helm.Releases.Deployed(spec.Name)
	if err == nil && status != release.StatusUninstalling {
		return untouched, p.rollBack(urn, helm, last, deployed.Version, spec)
	}
	if err := p.uninstall(ctx, urn, helm, spec); err != nil {
		return untouched, fmt.Errorf("clearing away the half-made release: %w", err)
	}
	return nothingLeft, nil
}

// rollBack goes back to a revision. When that fails, the operation at hand goes on all the same: what it deploys is
// complete, and its own error tells more.
func (p *plugin) rollBack(
	urn string, helm *action.Configuration, unfinished *release.Release, version int, spec releaseSpec,
) error {
	unfinished.SetStatus(release.StatusFailed, "the run that did this ended half-way")
	if err := helm.Releases.Update(unfinished); err != nil {
		return err
	}
	client := action.NewRollback(helm)
	client.Version, client.Timeout, client.DisableHooks = version, spec.limit(), true
	if err := client.Run(spec.Name); err != nil {
		p.engine.warn(urn, fmt.Sprintf("going back to revision %d failed", version))
	}
	return nil
}
