"""What the demo is seeded with."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import gitsync.sandbox
from gitsync.sandbox.seed import RENDERED_BY, GitUser, seed_demo
from model.identity import ResourceKey
from tests.support.sandbox_rig import running_world

DEMO = Path(gitsync.sandbox.__file__).parent / "demo"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
APPLICATIONS = DEMO / "platform" / "applications"


def test_every_application_of_the_demo_has_its_directory() -> None:
    for manifest in map(yaml.safe_load, (path.read_text() for path in APPLICATIONS.glob("*.yaml"))):
        template = manifest["spec"].get("template", manifest)
        assert (DEMO / "apps" / template["spec"]["source"]["path"]).is_dir(), manifest["metadata"]["name"]


def test_applications_that_need_a_program_are_there_to_be_left_out() -> None:
    for path in RENDERED_BY:
        assert (DEMO / "platform" / path).is_file()


@pytest.mark.cpu_seconds(30)
async def test_what_the_demo_has_in_its_cluster_is_in_its_shared_configuration(tmp_path: Path) -> None:
    """So a runtime that is rebuilt from Git has the same Git Sources; more applications later commit no more of it."""
    async with running_world(tmp_path) as world:
        for applications in (0, 2, 3):
            await seed_demo(
                world.sandbox.objects,
                world.host,
                data_dir=tmp_path,
                public_git_url="http://git.test",
                users=[GitUser("admin", "secret")],
                applications=applications,
                history=False,
                now=NOW,
            )
        for name in ("platform", "fleet"):
            path = f"resources/runtimes/demo/{name}.yaml"
            process = await asyncio.create_subprocess_exec(
                *("git", "-C", str(world.host.repositories.path("config")), "show", f"main:{path}"),
                stdout=asyncio.subprocess.PIPE,
            )
            committed = yaml.safe_load((await process.communicate())[0])
            live = world.sandbox.objects.get(ResourceKey("argoproj.io", "Application", "argosy", name))
            assert live is not None
            assert (live["spec"], live["metadata"]["labels"]) == (committed["spec"], committed["metadata"]["labels"])
