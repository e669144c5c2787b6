"""Which runtimes may connect: for administrators. Tokens are kept as hashes and shown once."""

from api.access.authorize import not_visible
from api.access.secret_token import RUNTIME, hash_token, new_token
from api.access.viewer import Viewer
from api.errors import Forbidden, Invalid
from api.installation.names import require_runtime_name
from api.live.tidings import Registered
from api.plane import ControlPlane
from api.runtimes.hosted import settle_hosted
from model.errors import Conflict
from model.listing import RegisteredRuntime
from model.store import runtime as runtime_store


def require_administrator(viewer: Viewer, deed: str) -> None:
    """Raises Forbidden."""
    if not viewer.is_admin:
        raise Forbidden(f"only administrators may {deed}", suggestion="ask an administrator")


async def create_runtime(plane: ControlPlane, viewer: Viewer, name: str) -> tuple[RegisteredRuntime, str]:
    """The runtime and its token. Raises Forbidden, or Invalid."""
    require_administrator(viewer, "register runtimes")
    require_runtime_name(name)
    token = new_token(RUNTIME)
    try:
        async with plane.database.write() as session:
            await runtime_store.add(session, name, token_hash=hash_token(token), hosted=False, now=plane.clock())
    except Conflict as error:
        raise Invalid(str(error), field="name", suggestion="choose another name, or renew its token") from error
    plane.tidings.tell(Registered(name))
    return await registered(plane, name), token


async def renew_token(plane: ControlPlane, viewer: Viewer, name: str) -> tuple[RegisteredRuntime, str]:
    """The old token is void and the connection that was made with it ends. Raises Forbidden, NotVisible, Invalid."""
    require_administrator(viewer, "renew tokens of runtimes")
    runtime = await registered(plane, name)
    if runtime.hosted:
        raise Invalid(f"{name} runs inside the control plane, which gives it a new token at each start", field="name")
    token = new_token(RUNTIME)
    async with plane.database.write() as session:
        await runtime_store.set_token(session, name, hash_token(token))
    plane.connected.doubt(name)
    return runtime, token


async def remove_runtime(plane: ControlPlane, viewer: Viewer, name: str, *, confirm_name: str, force: bool) -> None:
    """Forgets it and all that it reported; nothing changes in its cluster. Raises Forbidden, NotVisible, Invalid."""
    require_administrator(viewer, "remove runtimes")
    if confirm_name != name:
        raise Invalid("the name to confirm is not the runtime's", field="confirmName", suggestion=f"write {name}")
    await registered(plane, name)
    if plane.settings.hosted_runtime is not None and plane.settings.hosted_runtime.name == name:
        raise Invalid(f"{name} was started with this control plane", field="name", suggestion="stop it with that")
    if plane.connected.available(name) and not force:
        raise Invalid(
            f"runtime {name} is connected",
            field="name",
            suggestion=f"uninstall it first (argosy runtime uninstall {name}), or remove it with force",
        )
    async with plane.database.write() as session:
        await runtime_store.remove(session, name)
    await settle_hosted(plane)
    plane.connected.doubt(name)
    plane.tidings.tell(Registered(name, removed=True))


async def registered(plane: ControlPlane, name: str) -> RegisteredRuntime:
    """Raises NotVisible."""
    async with plane.database.read() as session:
        found = await runtime_store.get(session, name)
    if found is None:
        raise not_visible(f"runtime {name:.80}")
    return found
