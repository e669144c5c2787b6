"""What each person starred, kept at hand: every row of every list shows it."""

from collections import OrderedDict

from model.database import Database
from model.store import favorite as favorite_store

REMEMBERED_PEOPLE = 10_000


class Favorites:
    """(kind, entity) pairs by person."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, frozenset[tuple[str, str]]] = OrderedDict()

    async def of(self, person: str) -> frozenset[tuple[str, str]]:
        known = self._known.get(person)
        if known is None:
            async with self._database.read() as session:
                known = await favorite_store.of_person(session, person)
            self._known[person] = known
            if len(self._known) > REMEMBERED_PEOPLE:
                self._known.popitem(last=False)
        return known

    async def applications(self, person: str) -> frozenset[str]:
        return await self.of_kind(person, "Application")

    async def of_kind(self, person: str, kind: str) -> frozenset[str]:
        return frozenset(entity for starred, entity in await self.of(person) if starred == kind)

    async def put(self, person: str, kind: str, entity: str, *, starred: bool) -> None:
        async with self._database.write() as session:
            await favorite_store.put(session, person, kind, entity, starred=starred)

    def forget(self, person: str) -> None:
        """They changed, here or in another replica."""
        self._known.pop(person, None)
