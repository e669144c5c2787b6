"""Which test files one worker takes together: those that share what is dear to start, a browser and a server or a demo.

For `--dist loadfile`, where each file else goes to whoever is free, and most workers would start their own.
"""

from xdist.scheduler import LoadFileScheduling

TOGETHER: dict[str, tuple[str, ...]] = {
    "looks": (
        "console/test_console_looks.py",
        "console/test_console_frame.py",
        "console/test_console_platform.py",
        "console/test_console_dashboards.py",
        "console/test_explorer.py",
        "console/test_console_sign_in.py",
        "console/test_console_settings.py",
        "console/test_console_outage.py",
    ),
    "pages": (
        "console/test_console_application.py",
        "console/test_console_applications.py",
        "console/test_console_fleet.py",
        "console/test_console_looks_of_an_application.py",
    ),
    "demo": (
        "console/test_console_on_the_demo.py",
        "console/test_console_rollouts.py",
        "console/test_console_operations.py",
        "console/test_console_configuration.py",
    ),
    "demo that runs": (
        "demo/test_main_job.py",
        "demo/test_demo_history.py",
        "demo/test_demo_canary.py",
        "demo/test_changes_through_git.py",
    ),
    "demo that ends and comes again": (
        "demo/test_audit_is_what_git_says.py",
        "demo/test_demo_survives.py",
        "demo/test_demo_processes.py",
    ),
}
FOLDER = "tests/e2e/"

_GROUPS = {FOLDER + file: group for group, files in TOGETHER.items() for file in files}


class LoadGroups(LoadFileScheduling):
    """Whole files, and some of them together."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return _GROUPS.get(file, file)
