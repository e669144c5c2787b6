"""People who sign in with an account elsewhere."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.person import Person
from model.store import person as person_store
from model.store.statement import upsert
from model.tables import IdentityRow, PersonRow

NO_PASSWORD = "!"  # noqa: S105 - no hash is spelled so, hence no password matches


async def person_of(session: AsyncSession, provider: str, subject: str) -> Person | None:
    """The person that the account is; None: it never signed in, or the person was removed."""
    where = (col(IdentityRow.provider) == provider, col(IdentityRow.subject) == subject)
    name = (await session.execute(select(col(IdentityRow.person)).where(*where))).scalar_one_or_none()
    return await person_store.get(session, name) if name is not None else None


async def keep(session: AsyncSession, provider: str, subject: str, name: str, *, email: str, is_admin: bool) -> Person:
    """Makes the person, or brings what the provider says of them up to date. Loses and wins rights with it."""
    if await person_store.get(session, name) is None:
        await person_store.add(session, name, hashed=NO_PASSWORD, email=email, is_admin=is_admin)
    else:
        values = {"email": email, "is_admin": is_admin}
        await session.execute(update(PersonRow).where(col(PersonRow.name) == name).values(values))
    await upsert(session, IdentityRow, [{"provider": provider, "subject": subject, "person": name}])
    session.expire_all()
    person = await person_store.get(session, name)
    assert person is not None, "it was written just now"
    return person
