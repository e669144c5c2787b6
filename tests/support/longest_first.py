"""In which order test files begin, for `--dist loadfile --no-loadscope-reorder`: workers take whole files.

One that is long and comes late is waited for, so the longest come first. End-to-end tests wait more than they compute,
and the others only compute: they are mixed, so that the one fills the pauses of the other.

Measured with every rig; what is not listed takes less than ten seconds.
"""

from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parents[1]

LONGEST = (
    "e2e/console/test_console_looks.py",
    "e2e/console/test_console_looks_of_an_application.py",
    "e2e/demo/test_changes_through_git.py",
    "e2e/faults/test_kills.py",
    "contract/githost/test_commits_on_a_real_host.py",
    "contract/githost/test_runtime_on_a_real_host.py",
    "e2e/rollouts/test_rollouts_live.py",
    "e2e/rollouts/test_analysis_live.py",
    "e2e/console/test_console_fleet.py",
    "e2e/demo/test_demo_survives.py",
    "api/test_kill.py",
    "e2e/examples/test_examples_of_others.py",
    "e2e/faults/test_cluster_faults.py",
    "gitsync/reconcile/test_runtime_outages.py",
    "e2e/rollouts/test_scenarios.py",
    "contract/githost/test_rights_on_a_real_host.py",
    "e2e/console/test_console_rollouts.py",
    "e2e/console/test_console_application.py",
    "e2e/console/test_console_operations.py",
    "e2e/console/test_console_applications.py",
    "e2e/console/test_console_frame.py",
    "e2e/demo/test_main_job.py",
    "e2e/rollouts/test_plugin.py",
    "e2e/rollouts/test_coexistence.py",
    "e2e/console/test_console_platform.py",
    "e2e/console/test_console_configuration.py",
    "e2e/console/test_console_dashboards.py",
    "e2e/outages/test_runtime_rebuilt.py",
    "e2e/demo/test_audit_is_what_git_says.py",
    "e2e/console/test_console_on_the_demo.py",
    "e2e/demo/test_demo_canary.py",
    "gitsync/serving/test_git_tokens.py",
    "e2e/faults/test_link_and_replicas.py",
    "contract/githost/test_generators_on_a_real_host.py",
    "gitsync/generation/test_application_sets_on_a_real_server.py",
    "gitsync/runtime/test_runtime_process.py",
    "e2e/outages/test_runtime_comes_back.py",
    "e2e/console/test_console_sign_in.py",
    "e2e/kubectl/test_kubectl_as_with_argo_cd.py",
    "e2e/console/test_console_settings.py",
    "e2e/faults/test_clock_jumps.py",
    "e2e/installation/test_hosted_set_up.py",
    "e2e/console/test_console_outage.py",
)

_PLACES = {TESTS / file: place for place, file in enumerate(LONGEST)}


def in_order(waiting: Iterable[Path], computing: Iterable[Path]) -> list[Path]:
    """All files: those that wait with the longest first and the rest as it comes, the others spread evenly between."""
    first = sorted(dict.fromkeys(waiting), key=lambda file: _PLACES.get(file, len(_PLACES)))
    between = [file for file in dict.fromkeys(computing) if file not in set(first)]
    places = [*_spread(first), *_spread(between)]
    return [file for _, file in sorted(places, key=lambda place: place[0])]


def _spread(files: list[Path]) -> list[tuple[float, Path]]:
    return [(number / len(files), file) for number, file in enumerate(files)]
