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
//   - an unfinished upgrade or rollback is marked as failed: Helm then upgrades from the last deployed revision.
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
	_, err = helm.Releases.Deployed(spec.Name)
	if err == nil && status != release.StatusUninstalling {
		last.SetStatus(release.StatusFailed, "the run that did this ended half-way")
		return untouched, helm.Releases.Update(last)
	}
	if err := p.uninstall(ctx, urn, helm, spec); err != nil {
		return untouched, fmt.Errorf("clearing away the half-made release: %w", err)
	}
	return nothingLeft, nil
}
