"""Watches: the log of the store as a stream of events, from any revision that is still known."""

import asyncio
from collections.abc import Callable
from typing import Final

import orjson
from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.api.answer import formed, object_bytes
from gitsync.sandbox.api.reading import include_of, selector_of, too_large
from gitsync.sandbox.api.request import Call, Form, wanted_form
from gitsync.sandbox.errors import ExpiredError
from gitsync.sandbox.faults import Fault, FaultInjector
from gitsync.sandbox.objects import EventType
from gitsync.sandbox.selectors import Predicate
from gitsync.sandbox.store import Change, Store, Version

BOOKMARK_SECONDS: Final = 30.0
_DEFAULT_TIMEOUT_SECONDS: Final = 1800
_PENDING_LIMIT: Final = 20_000
_INITIAL_END: Final = {"k8s.io/initial-events-end": "true"}


class Watch:
    """One open watch. Lines wait in memory until the client takes them; a client that does not is cut off."""

    def __init__(self, call: Call, store: Store, timestamp: Callable[[], str], cut_after: int | None) -> None:
        self._call = call
        self._store = store
        self._timestamp = timestamp
        self._form: Form = wanted_form(call.http.headers.get("Accept", ""))
        self._matches: Predicate | None = selector_of(call)
        self._pending: list[bytes] = []
        self._ready = asyncio.Event()
        self._events_left = cut_after
        self._last_revision = 0
        self._tables_sent = 0
        self._initial = 0
        self.closed = False

    def close(self) -> None:
        self.closed = True
        self._ready.set()

    def start(self) -> None:
        """Queues what the client has missed. Raises ExpiredError when that is no longer known."""
        query, store, family = self._call.query, self._store, self._call.type.family
        given = query.get("resourceVersion", "")
        revision = int(given) if given.isdigit() else 0
        initial = query.get("sendInitialEvents") == "true"
        if revision > store.revision:
            raise too_large(revision, store.revision)
        self._last_revision = store.revision
        if initial or (revision == 0 and query.get("sendInitialEvents") != "false"):
            self._queue_initial()
            if initial and self._call.flag("allowWatchBookmarks"):
                self._push(self._bookmark(_INITIAL_END))
        elif revision:
            for change in store.changes_since(family, revision):
                self.tell(change)

    def _queue_initial(self) -> None:
        target = self._call.target
        namespace = target.namespace or (None if target.type.namespaced else "")
        for version in self._store.shelf(target.type.family).versions(namespace):
            if self._matches is None or self._matches(version.body):
                self._push(self._line(EventType.ADDED, version))
        self._initial = len(self._pending)

    def tell(self, change: Change) -> None:
        """Queues a change, as this watch sees it."""
        self._last_revision = change.revision
        if len(self._pending) > _PENDING_LIMIT + self._initial:
            self.close()
            return
        namespace = self._call.target.namespace
        if namespace and change.version.body["metadata"].get("namespace") != namespace:
            return
        seen_as = self._seen_as(change)
        if seen_as is None:
            return
        if self._form == "object" and seen_as is change.type and self._is_served_version(change):
            self._push(change.line)
        else:
            self._push(self._line(seen_as, change.version))

    def _is_served_version(self, change: Change) -> bool:
        return bool(change.version.body["apiVersion"] == self._call.type.api_version)

    def _seen_as(self, change: Change) -> EventType | None:
        """An object that starts to match the selectors appears, one that stops to is gone."""
        if self._matches is None:
            return change.type
        matched = change.old is not None and self._matches(change.old.body)
        if change.type is EventType.DELETED:
            return EventType.DELETED if matched else None
        if self._matches(change.version.body):
            return EventType.MODIFIED if matched else EventType.ADDED
        return EventType.DELETED if matched else None

    def _line(self, type_: EventType, version: Version) -> bytes:
        if self._form == "object":
            return event_line(type_, object_bytes(self._call.type, version))
        body = formed(self._call.type, version.body, self._form, now=self._timestamp(), include=include_of(self._call))
        if self._form == "table":
            self._tables_sent += 1
            if self._tables_sent > 1:
                body["columnDefinitions"] = []
        return event_line(type_, orjson.dumps(body))

    def _bookmark(self, annotations: JsonObject | None = None) -> bytes:
        type_ = self._call.type
        metadata: JsonObject = {"resourceVersion": str(self._last_revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        body: JsonObject = {"kind": type_.kind, "apiVersion": type_.api_version, "metadata": metadata}
        if self._form != "object":
            body = formed(type_, body, self._form, now=self._timestamp())
        return b'{"type":"BOOKMARK","object":' + orjson.dumps(body) + b"}\n"

    def _push(self, line: bytes) -> None:
        if self._events_left is not None:
            self._events_left -= 1
            if self._events_left < 0:
                self.close()
                return
        self._pending.append(line)
        self._ready.set()

    async def run(self, response: web.StreamResponse, timeout_seconds: float) -> None:
        """Writes lines until the time is over, the client goes, or somebody closes the watch."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_seconds
        bookmarks = self._call.flag("allowWatchBookmarks")
        next_bookmark = loop.time() + BOOKMARK_SECONDS
        while not self.closed and (left := end - loop.time()) > 0:
            wait = min(left, next_bookmark - loop.time()) if bookmarks else left
            if not self._pending and not await self._wait(wait) and bookmarks:
                self._pending.append(self._bookmark())
                next_bookmark = loop.time() + BOOKMARK_SECONDS
            await self._flush(response)
        if not self.closed and bookmarks:
            self._pending.append(self._bookmark())
        await self._flush(response)

    async def _wait(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._ready.wait()
        except TimeoutError:
            return False
        return True

    async def _flush(self, response: web.StreamResponse) -> None:
        self._ready.clear()
        lines, self._pending = self._pending, []
        if lines:
            await response.write(b"".join(lines))


def event_line(type_: EventType, raw: bytes) -> bytes:
    return b'{"type":"' + type_.value.encode() + b'","object":' + raw + b"}\n"


class Watching:
    """Opens watches."""

    def __init__(self, store: Store, faults: FaultInjector, timestamp: Callable[[], str]) -> None:
        self._store = store
        self._faults = faults
        self._timestamp = timestamp
        self._open: set[Watch] = set()

    def close_all(self) -> None:
        """Ends every watch: the server is going down."""
        for watch in list(self._open):
            watch.close()

    async def serve(self, call: Call, fault: Fault | None) -> web.StreamResponse:
        watch = Watch(call, self._store, self._timestamp, fault.drop_after_events if fault else None)
        seconds = call.number("timeoutSeconds") or _DEFAULT_TIMEOUT_SECONDS
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        try:
            if fault is not None and fault.gone:
                raise ExpiredError("too old resource version: 1 (2)")
            watch.start()
        except ExpiredError as error:
            await response.prepare(call.http)
            await response.write(b'{"type":"ERROR","object":' + orjson.dumps(error.to_status()) + b"}\n")
            return response
        unsubscribe = self._store.watch(call.type.family, watch.tell)
        forget = self._faults.watch_opened(call.http.path, watch.close)
        self._open.add(watch)
        try:
            await response.prepare(call.http)
            await watch.run(response, seconds)
        except ConnectionResetError:
            pass  # the client went away: the usual end of a watch
        finally:
            unsubscribe()
            forget()
            self._open.discard(watch)
        return response
