"""Failed sign-ins, so that a restart does not reset the limit."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class LoginAttemptRow(SQLModel, table=True):
    """`subject` is a digest of the address, or of person and address; it never holds a typed name in clear."""

    __tablename__ = "login_attempt"

    subject: str = Field(primary_key=True)
    failures: int
    window_ends_micros: int = Field(sa_type=BigInteger, index=True)
