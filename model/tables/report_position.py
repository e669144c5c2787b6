"""How far each runtime's reports have been taken in. Written in the transaction that takes them in."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class ReportPositionRow(SQLModel, table=True):
    """`seq` is the newest committed report of `session`. `generation` counts snapshots.

    `holder` is the replica that the runtime is linked to, and `hold` grows with every new link: only reports that come
    by the newest link are taken in, whatever an older one still has in hand.
    """

    __tablename__ = "report_position"

    runtime: str = Field(primary_key=True)
    session: str
    seq: int = Field(sa_type=BigInteger)
    generation: int
    in_snapshot: bool
    holder: str = ""
    hold: int = Field(default=0, sa_type=BigInteger)
