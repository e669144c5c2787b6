"""Builds of images that CI reported."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class ImageBuildRow(SQLModel, table=True):
    """`payload` is the msgpack of `model.build.ImageBuild`. One row for each way in which manifests may name the image.

    `rulers` are the numbers of those that the reporter could write to when it was told, between line feeds: the build
    counts for releases of these only.
    """

    __tablename__ = "image_build"
    __table_args__ = (
        Index("ix_image_build_by_image", "image", "reported_micros"),
        Index("ix_image_build_by_age", "reporter", "reported_micros"),
    )

    id: str = Field(primary_key=True)
    image: str
    reporter: str
    reported_micros: int = Field(sa_type=BigInteger)
    rulers: str
    payload: bytes
