"""Every screen of one application in both themes; beside `test_console_looks`, so that both are looked at together."""

import pytest

from tests.support.console_looks import Screens, look_at_all
from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]
ADS = "/applications/demo/argosy/ads"
SCREENS: Screens = {
    "application-tree": (ADS, ".node", ""),
    "application-list": (f"{ADS}?view=list", "table.resources tbody", ""),
    "application-network": (f"{ADS}?view=network", "[data-node='Ingress/ads']", ""),
    "application-pods": (f"{ADS}?view=pods", ".pod-tile", ""),
    "application-diff": (f"{ADS}?tab=diff", ".changes .fields", ""),
    "drawer-diff-split": (
        f"{ADS}?res=/ConfigMap/shop/ads-config&section=diff&diff=split&lines=all",
        ".drawer .split-row",
        "",
    ),
    "application-events": (f"{ADS}?tab=events", "table.events tbody tr", ""),
    "application-logs": (f"{ADS}?tab=logs", ".log .code-line", ""),
    "application-sync": (ADS, "dialog[open] .will", "s"),
    "drawer-summary": (f"{ADS}?res=apps/Deployment/shop/ads", ".drawer .facts", ""),
    "drawer-manifest": (f"{ADS}?res=apps/Deployment/shop/ads&section=manifest", ".drawer .code", ""),
    "drawer-diff": (f"{ADS}?res=/ConfigMap/shop/ads-config&section=diff", ".drawer .line-new", ""),
    "drawer-actions": (f"{ADS}?res=apps/Deployment/shop/ads&section=actions", ".deed", ""),
    "application-missing": ("/applications/demo/argosy/nothing", ".empty", ""),
    "application-timeline": (f"{ADS}?tab=timeline", ".release .commit", ""),
    "application-services": (f"{ADS}?tab=services", "table.services tbody", ""),
    "application-quick-view": (f"{ADS}?quick=summary", ".drawer .facts", ""),
}


@pytest.mark.timeout(600)  # two dozen screens
def test_every_screen_of_an_application_is_accessible_and_fits_a_phone(open_page: OpenPage) -> None:
    assert look_at_all(open_page(), SCREENS) == {}
