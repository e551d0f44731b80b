"""What a failed call says of itself: whether the upstream may have seen it."""

import aiohttp
import pytest

from gateway.upstream import _failed


@pytest.mark.parametrize(
    "error",
    [aiohttp.InvalidURL("http://"), aiohttp.ConnectionTimeoutError()],
    ids=["a URL that cannot be sent", "no connection in time"],
)
def test_what_was_never_sent_was_not_forwarded(error: Exception) -> None:
    """Before a connection stands nobody can have seen the call. Both were recorded as forwarded once."""
    assert _failed(error).forwarded is False


@pytest.mark.parametrize(
    "error", [TimeoutError(), aiohttp.ServerDisconnectedError(), aiohttp.SocketTimeoutError()]
)
def test_what_may_have_been_sent_was_forwarded(error: Exception) -> None:
    """Where it is not known whether the upstream saw the call, the log says that it may have."""
    assert _failed(error).forwarded is True
