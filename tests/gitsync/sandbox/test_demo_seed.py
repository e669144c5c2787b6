"""What the demo is seeded with."""

from pathlib import Path

import yaml

import gitsync.sandbox
from gitsync.sandbox.seed import RENDERED_BY

DEMO = Path(gitsync.sandbox.__file__).parent / "demo"
APPLICATIONS = DEMO / "platform" / "applications"


def test_every_application_of_the_demo_has_its_directory() -> None:
    for manifest in map(yaml.safe_load, (path.read_text() for path in APPLICATIONS.glob("*.yaml"))):
        template = manifest["spec"].get("template", manifest)
        assert (DEMO / "apps" / template["spec"]["source"]["path"]).is_dir(), manifest["metadata"]["name"]


def test_applications_that_need_a_program_are_there_to_be_left_out() -> None:
    for path in RENDERED_BY:
        assert (DEMO / "platform" / path).is_file()
