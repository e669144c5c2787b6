"""What is answered by a stream says so in its docstring, and is answered by one."""

from typing import get_args

import pytest

from model.link import RequestBody, StreamedRequest

STREAMED = set(get_args(StreamedRequest))


@pytest.mark.parametrize("body", get_args(RequestBody), ids=lambda body: body.__name__)
def test_exactly_what_promises_a_stream_is_streamed(body: type) -> None:
    assert ("-> stream" in (body.__doc__ or "")) == (body in STREAMED)
