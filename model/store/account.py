"""The account of this control plane: exactly one."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from model.store.statement import upsert
from model.tables import AccountRow


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    shared_config_repo: str = ""


async def get(session: AsyncSession) -> Account | None:
    row = (await session.execute(select(AccountRow).limit(1))).scalar_one_or_none()
    return Account(row.name, row.shared_config_repo) if row else None


async def put(session: AsyncSession, account: Account) -> None:
    row = {"name": account.name, "shared_config_repo": account.shared_config_repo}
    await upsert(session, AccountRow, [row])
