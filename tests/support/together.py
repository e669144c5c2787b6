"""Which test files one worker takes together: those that share what is dear to start, a browser and a server or a demo.

For `--dist loadfile`, where each file else goes to whoever is free, and most workers would start their own.
"""

from xdist.scheduler import LoadFileScheduling

TOGETHER: dict[str, tuple[str, ...]] = {
    "looks": (
        "test_console_looks.py",
        "test_console_frame.py",
        "test_console_platform.py",
        "test_console_dashboards.py",
        "test_explorer.py",
        "test_console_sign_in.py",
        "test_console_settings.py",
        "test_console_outage.py",
    ),
    "pages": (
        "test_console_application.py",
        "test_console_applications.py",
        "test_console_fleet.py",
        "test_console_looks_of_an_application.py",
    ),
    "demo": (
        "test_console_on_the_demo.py",
        "test_console_rollouts.py",
        "test_console_operations.py",
        "test_console_configuration.py",
    ),
}
FOLDER = "tests/e2e/console/"

_GROUPS = {FOLDER + file: group for group, files in TOGETHER.items() for file in files}


class LoadGroups(LoadFileScheduling):
    """Whole files, and some of them together."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return _GROUPS.get(file, file)
