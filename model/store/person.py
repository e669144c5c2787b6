"""Local users, their sessions, API tokens and failed sign-ins."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.errors import Conflict
from model.person import ApiToken, Credential, Person
from model.store.moment import from_micros, to_micros
from model.store.statement import affected_rows, insert_new, upsert
from model.tables import ApiTokenRow, LoginAttemptRow, PersonRow, SessionRow


async def all_people(session: AsyncSession) -> list[Person]:
    rows = (await session.execute(select(PersonRow).order_by(col(PersonRow.name)))).scalars()
    return [_person(row) for row in rows]


async def get(session: AsyncSession, name: str) -> Person | None:
    row = await session.get(PersonRow, name)
    return _person(row) if row else None


async def password_hash(session: AsyncSession, name: str) -> str | None:
    statement = select(col(PersonRow.password_hash)).where(col(PersonRow.name) == name)
    return (await session.execute(statement)).scalar_one_or_none()


async def add(session: AsyncSession, name: str, *, hashed: str, email: str = "", is_admin: bool = False) -> None:
    """Raises Conflict if the name is taken."""
    row = {"name": name, "email": email, "password_hash": hashed, "is_admin": is_admin, "credential_version": 1}
    if not await insert_new(session, PersonRow, row):
        raise Conflict(f"there is a user {name!r} already")


async def set_password(session: AsyncSession, name: str, hashed: str) -> bool:
    """Ends every session and token that was made before."""
    statement = update(PersonRow).where(col(PersonRow.name) == name)
    values = {"password_hash": hashed, "credential_version": col(PersonRow.credential_version) + 1}
    changed = await affected_rows(session, statement.values(values)) > 0
    await _end_access(session, name)
    return changed


async def set_hash(session: AsyncSession, name: str, hashed: str) -> None:
    """The same password hashed anew, with stronger parameters."""
    await session.execute(update(PersonRow).where(col(PersonRow.name) == name).values(password_hash=hashed))


async def remove(session: AsyncSession, name: str) -> bool:
    await _end_access(session, name)
    return await affected_rows(session, delete(PersonRow).where(col(PersonRow.name) == name)) > 0


async def _end_access(session: AsyncSession, name: str) -> None:
    await session.execute(delete(SessionRow).where(col(SessionRow.person) == name))
    await session.execute(delete(ApiTokenRow).where(col(ApiTokenRow.person) == name))


async def start_session(
    session: AsyncSession, person: Person, *, token_hash: str, now: datetime, lifetime: timedelta
) -> None:
    await session.execute(delete(SessionRow).where(col(SessionRow.expires_micros) <= to_micros(now)))
    row = {
        "token_hash": token_hash,
        "person": person.name,
        "credential_version": person.credential_version,
        "created_micros": to_micros(now),
        "expires_micros": to_micros(now + lifetime),
    }
    await session.execute(insert(SessionRow).values(row))


async def end_session(session: AsyncSession, token_hash: str) -> None:
    await session.execute(delete(SessionRow).where(col(SessionRow.token_hash) == token_hash))


async def credential(session: AsyncSession, token_hash: str, now: datetime) -> Credential | None:
    """The holder of a session or API token, unless it has ended or was made before the present password."""
    for table in (SessionRow, ApiTokenRow):
        statement = (
            select(PersonRow, col(table.expires_micros))
            .join(table, col(table.person) == col(PersonRow.name))
            .where(
                col(table.token_hash) == token_hash,
                col(table.credential_version) == col(PersonRow.credential_version),
            )
        )
        found = (await session.execute(statement)).one_or_none()
        if found is None:
            continue
        row, expires_micros = found
        expires = from_micros(expires_micros) if expires_micros is not None else None
        return Credential(_person(row), expires) if expires is None or now < expires else None
    return None


async def add_token(
    session: AsyncSession,
    person: Person,
    *,
    token_id: str,
    name: str,
    token_hash: str,
    now: datetime,
    expires: datetime | None,
) -> None:
    row = {
        "token_hash": token_hash,
        "id": token_id,
        "person": person.name,
        "name": name,
        "credential_version": person.credential_version,
        "created_micros": to_micros(now),
        "expires_micros": to_micros(expires) if expires else None,
    }
    await session.execute(insert(ApiTokenRow).values(row))


async def tokens(session: AsyncSession) -> list[ApiToken]:
    rows = (await session.execute(select(ApiTokenRow).order_by(col(ApiTokenRow.created_micros)))).scalars()
    return [
        ApiToken(
            id=row.id,
            person=row.person,
            name=row.name,
            created=from_micros(row.created_micros),
            expires=from_micros(row.expires_micros) if row.expires_micros is not None else None,
        )
        for row in rows
    ]


async def revoke_token(session: AsyncSession, token_id: str) -> bool:
    return await affected_rows(session, delete(ApiTokenRow).where(col(ApiTokenRow.id) == token_id)) > 0


async def failures(session: AsyncSession, subject: str, now: datetime) -> tuple[int, datetime | None]:
    """How often `subject` failed in its present window, and when that ends."""
    row = await session.get(LoginAttemptRow, subject)
    if row is None or row.window_ends_micros <= to_micros(now):
        return 0, None
    return row.failures, from_micros(row.window_ends_micros)


async def note_failure(session: AsyncSession, subject: str, now: datetime, window: timedelta) -> None:
    """Counts a failure, and forgets windows that are over."""
    await session.execute(delete(LoginAttemptRow).where(col(LoginAttemptRow.window_ends_micros) <= to_micros(now)))
    row = await session.get(LoginAttemptRow, subject)
    count, ends = (row.failures, row.window_ends_micros) if row else (0, to_micros(now + window))
    await upsert(session, LoginAttemptRow, [{"subject": subject, "failures": count + 1, "window_ends_micros": ends}])


async def forget_failures(session: AsyncSession, subject: str) -> None:
    await session.execute(delete(LoginAttemptRow).where(col(LoginAttemptRow.subject) == subject))


def _person(row: PersonRow) -> Person:
    return Person(row.name, row.email, row.is_admin, row.credential_version)
