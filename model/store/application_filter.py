"""`model.listing.ApplicationFilter` and `Visibility` as SQL conditions."""

from collections import defaultdict

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, or_, select
from sqlmodel import col

from model.listing import ApplicationFilter, Membership, Visibility
from model.store.moment import to_micros
from model.tables.application import ApplicationLabelRow, ApplicationMembershipRow, ApplicationRow
from model.tables.favorite import FavoriteRow

_RUNTIME, _RULER = col(ApplicationRow.runtime), col(ApplicationRow.access_repo)
_IN = {
    "runtimes": ApplicationRow.runtime,
    "names": ApplicationRow.name,
    "namespaces": ApplicationRow.namespace,
    "clusters": ApplicationRow.cluster,
    "destination_namespaces": ApplicationRow.destination_namespace,
    "projects": ApplicationRow.project,
    "syncs": ApplicationRow.sync,
    "healths": ApplicationRow.health,
    "kinds": ApplicationRow.kind,
    "policies": ApplicationRow.policy,
}


def visible(
    visibility: Visibility, runtime: SQLColumnExpression[str] = _RUNTIME, access_repo: SQLColumnExpression[str] = _RULER
) -> ColumnElement[bool]:
    """For rows that name, in these columns, the runtime and the repository that rule them."""
    by_runtime: dict[str, list[str]] = defaultdict(list)
    for name, repository in sorted(visibility.repositories):
        by_runtime[name].append(repository)
    allowed: list[ColumnElement[bool]] = [
        and_(runtime == name, access_repo.in_(repositories)) for name, repositories in by_runtime.items()
    ]
    if visibility.orphans:
        allowed.append(access_repo == "")
    return or_(*allowed) if allowed else false()


def conditions(wanted: ApplicationFilter, person: str, *, counting: bool = False) -> list[ColumnElement[bool]]:
    """`person` is whose favourites count. `counting`: the rows themselves are not wanted, so no index by one column
    may draw SQLite away from the one that holds them all; it would read the payload of every application."""
    found: list[ColumnElement[bool]] = [
        col(column).in_(sorted(getattr(wanted, name))) for name, column in _IN.items() if getattr(wanted, name)
    ]
    if wanted.search:
        found.append(col(ApplicationRow.name).icontains(wanted.search, autoescape=True))
    if wanted.repositories:
        found.append(or_(*(_holds_repository(url) for url in sorted(wanted.repositories))))
    found.extend(labelled(col(ApplicationRow.id), key, values) for key, values in wanted.labels)
    found.extend(members(col(ApplicationRow.id), wanted.groups, wanted.products, wanted.environments))
    if wanted.favorite is not None:
        starred = _starred(person)
        found.append(starred if wanted.favorite else ~starred)
    if wanted.updated_since is not None:
        updated = col(ApplicationRow.updated_micros)
        found.append((updated + 0 if counting else updated) >= to_micros(wanted.updated_since))
    if wanted.parent:
        found.append(col(ApplicationRow.parent) == wanted.parent)
    if wanted.with_problems:
        found.append(col(ApplicationRow.problems) > 0)
    return found


def _holds_repository(url: str) -> ColumnElement[bool]:
    return col(ApplicationRow.repositories).contains(f"\n{url}\n", autoescape=True)


def labelled(application_id: SQLColumnExpression[str], key: str, values: frozenset[str]) -> ColumnElement[bool]:
    """For rows that name an application in this column: it has the label with one of these values."""
    wanted = (col(ApplicationLabelRow.key) == key, col(ApplicationLabelRow.value).in_(sorted(values)))
    return application_id.in_(select(col(ApplicationLabelRow.application_id)).where(*wanted))


def members(
    application_id: SQLColumnExpression[str],
    groups: frozenset[str],
    products: frozenset[str],
    environments: frozenset[str],
) -> list[ColumnElement[bool]]:
    """For rows that name an application in this column: it is in one of the groups, a part of one of the products, and
    in one of the environments, where "" stands for being in none.

    None of one kind holds for everything."""
    kind, name = col(ApplicationMembershipRow.kind), col(ApplicationMembershipRow.name)
    holders = select(col(ApplicationMembershipRow.application_id))

    def among(wanted: Membership, names: frozenset[str]) -> ColumnElement[bool]:
        found = application_id.in_(holders.where(kind == wanted.value, name.in_(sorted(names))))
        return or_(found, application_id.not_in(holders.where(kind == wanted.value))) if "" in names else found

    asked = ((Membership.GROUP, groups), (Membership.PRODUCT, products), (Membership.ENVIRONMENT, environments))
    return [among(wanted, names) for wanted, names in asked if names]


def _starred(person: str) -> ColumnElement[bool]:
    wanted = (col(FavoriteRow.person) == person, col(FavoriteRow.kind) == "Application")
    return col(ApplicationRow.id).in_(select(col(FavoriteRow.entity)).where(*wanted))
