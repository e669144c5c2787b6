"""`argosy runtime`: the runtime process, alone on any cluster or linked to a control plane.

The runtime is imported once the command line is known to be right: that takes a second, which `--help`, a wrong option
and a kubeconfig that is not there need not wait for.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import structlog
import uvloop

from gitsync.duration import parse_duration
from gitsync.errors import GitsyncError
from gitsync.kube.access import ClusterAccess, access_from_kubeconfig, access_in_cluster
from gitsync.logs import RecentLines, configure_logs
from gitsync.settings import (
    CONTROLLER_NAMES,
    CONTROLLERS,
    DELIVERY_CONTROLLERS,
    ENGINES,
    ControllerFlags,
    GeneratorSettings,
    LinkSettings,
    RuntimeEnvironment,
    RuntimeSettings,
    ShardSettings,
    read_environment,
)


@click.command("runtime", context_settings={"show_default": True})
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Kubeconfig of the home cluster; else in-cluster.")
@click.option("--context", help="Context of the kubeconfig.")
@click.option("--namespace", default="argosy", help="Home namespace: Applications, projects and Secrets live there.")
@click.option("--link", "link_url", help="WebSocket address of a control plane, such as wss://host/link.")
@click.option("--token", help="The runtime's token for the link; better in ARGOSY_LINK_TOKEN.")
@click.option("--token-file", type=click.Path(path_type=Path), help="File with the token; read at each dial.")
@click.option("--name", default="runtime", help="Name that the token was made for.")
@click.option("--controllers", default=",".join(CONTROLLERS), help="Comma-separated: which controllers run.")
@click.option("--instance-id", default="", help="Only objects of this instance are ours; empty: those without one.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Caches: mirrors of repositories, renders.")
@click.option("--metrics-port", type=int, help="Serve /metrics, /healthz and /readyz here; 0: any free port.")
@click.option("--metrics-host", default="127.0.0.1", help="Address of the metrics port.")
@click.option("--poll-seconds", type=float, default=30.0, help="How often each Git host is asked for moved refs.")
@click.option("--config-repo", default="", help="Shared configuration repository: operations are journalled there.")
@click.option("--ingress-host", default="", help="Where people reach what runs in the cluster; only shown.")
@click.option("--scm-allow", multiple=True, help="Git host that ApplicationSets may ask; none given: any.")
@click.option("--token-ref-strict", is_flag=True, help="ApplicationSets take tokens only from Secrets meant for them.")
@click.option("--new-git-file-globbing", is_flag=True, help="In globs of the git generator only ** crosses a slash.")
@click.option("--sync-timeout", default="", help="Most one attempt of a sync may take, such as 30m; 0: no limit.")
@click.option("--application-namespaces", default="", help="Namespaces with Applications besides the home namespace.")
@click.option("--applicationset-namespaces", default="", help="Namespaces with ApplicationSets besides the home one.")
@click.option("--server-side-diff", is_flag=True, help="Have the API server predict every comparison.")
@click.option("--shards", type=click.IntRange(1, 99), default=1, help="Processes like this that divide the clusters.")
@click.option("--shard", type=click.IntRange(0, 98), help="Which of them this is, from 0; else one that is free.")
@click.option("--hosted", is_flag=True, help="Started and supervised by the control plane itself.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    help="Who reconciles: argosy even beside an Argo CD controller; argo-cd, which is driven through the same objects; "
    "auto: argosy unless an Argo CD controller is at work in the namespace.",
)
@click.option(
    "--aws-verify-target-group",
    is_flag=True,
    help="Ask AWS whether load balancers have taken over weights and pods of Rollouts.",
)
@click.option("--adopt", is_flag=True, help="The same as --engine argosy.")
def runtime(
    kubeconfig: Path | None,
    context: str | None,
    namespace: str,
    link_url: str | None,
    token: str | None,
    token_file: Path | None,
    name: str,
    controllers: str,
    instance_id: str,
    data_dir: Path | None,
    metrics_port: int | None,
    metrics_host: str,
    poll_seconds: float,
    config_repo: str,
    ingress_host: str,
    scm_allow: tuple[str, ...],
    token_ref_strict: bool,
    new_git_file_globbing: bool,
    sync_timeout: str,
    application_namespaces: str,
    applicationset_namespaces: str,
    server_side_diff: bool,
    shards: int,
    shard: int | None,
    hosted: bool,
    engine: str,
    aws_verify_target_group: bool,
    adopt: bool,
) -> None:
    """Make clusters agree with Git: the runtime process."""
    environment = read_environment()
    settings = RuntimeSettings(
        namespace=namespace,
        data_dir=data_dir or environment.data_dir / "runtime",
        name=name,
        kubeconfig=kubeconfig or environment.kubeconfig,
        context=context,
        link=_link(link_url, token or environment.token or "", token_file, shards=shards),
        controllers=_controllers(controllers),
        instance_id=instance_id,
        hosted=hosted,
        engine="argosy" if adopt else engine,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
        poll_seconds=poll_seconds,
        metric_variables=environment.metrics,
        aws_verify_target_group=aws_verify_target_group,
        config_repo=config_repo,
        ingress_host=ingress_host,
        generators=GeneratorSettings(scm_allow, token_ref_strict, new_file_globbing=new_git_file_globbing),
        flags=ControllerFlags(
            _seconds(sync_timeout),
            _patterns(application_namespaces, "--application-namespaces"),
            _patterns(applicationset_namespaces, "--applicationset-namespaces"),
            server_side_diff,
        ),
        shards=_shards(shards, shard, environment.pod),
    )
    _run(settings, environment)


def _run(settings: RuntimeSettings, environment: RuntimeEnvironment) -> None:
    """Until it is told to stop; a failure to start ends the process with what to do about it."""
    recent = configure_logs(environment.log)
    try:
        access = _access(settings, environment.pod)
        uvloop.run(_serve(settings, access, recent))
    except GitsyncError as failure:
        click.echo(
            f"argosy runtime: {failure.message}" + (f" {failure.suggestion}" if failure.suggestion else ""), err=True
        )
        sys.exit(1)


def _link(url: str | None, token: str, token_file: Path | None, *, shards: int) -> LinkSettings | None:
    if not url:
        return None
    if not token and not token_file:
        raise click.UsageError("--link needs the runtime's token: --token, --token-file or ARGOSY_LINK_TOKEN")
    if shards > 1:
        raise click.UsageError("a runtime with --link is one process; give some of its clusters to another runtime")
    return LinkSettings(url, token, token_file)


def _shards(total: int, number: int | None, pod: Mapping[str, str]) -> ShardSettings:
    """A pod that comes again under its name takes its number again at once; elsewhere each process is another."""
    if number is not None and number >= total:
        raise click.BadParameter(f"{number} is not below --shards {total}", param_hint="--shard")
    identity = socket.gethostname() if pod else f"{socket.gethostname()}-{os.getpid()}"
    return ShardSettings(total, number, identity)


def _controllers(text: str) -> frozenset[str]:
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := names - set(CONTROLLER_NAMES):
        raise click.BadParameter(
            f"{', '.join(sorted(unknown))}: known are {', '.join(CONTROLLER_NAMES)}", param_hint="--controllers"
        )
    return names


def _seconds(text: str) -> float | None:
    seconds = parse_duration(text) if text else None
    if text and seconds is None:
        raise click.BadParameter(f"{text} is no duration; write it as 30m", param_hint="--sync-timeout")
    return seconds


def _patterns(text: str, option: str) -> tuple[str, ...]:
    """Names, globs, and regular expressions between slashes, parted by commas."""
    found = tuple(word for part in text.split(",") if (word := part.strip()))
    if not found:
        return ()
    from gitsync.configuration.command_parameters import why_no_pattern

    for why in filter(None, map(why_no_pattern, found)):
        raise click.BadParameter(why, param_hint=option)
    return found


def _access(settings: RuntimeSettings, pod: Mapping[str, str]) -> ClusterAccess:
    if settings.kubeconfig is not None:
        return access_from_kubeconfig(settings.kubeconfig, context=settings.context or "")
    return access_in_cluster(pod)


async def _serve(settings: RuntimeSettings, access: ClusterAccess, recent: RecentLines) -> None:
    from gitsync.runtime.rollouts_alone import DeliveryRuntime
    from gitsync.runtime.runtime import Runtime

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    # A full collection stops everything for a moment; thousands of long-lived objects make it long and useless.
    gc.set_threshold(50_000, 20, 100)
    structlog.get_logger("gitsync").info("runtime starts", namespace=settings.namespace, session=settings.session)
    alone = bool(settings.controllers) and settings.controllers <= DELIVERY_CONTROLLERS and settings.link is None
    process = DeliveryRuntime(settings, access) if alone else Runtime(settings, access, recent=recent)
    started = asyncio.create_task(process.run(stop), name="runtime")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait((started, stopped), return_when=asyncio.FIRST_COMPLETED)
    try:
        async with asyncio.timeout(10):
            await started
    except TimeoutError:
        started.cancel()
