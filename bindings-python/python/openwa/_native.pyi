"""The native module. Everything here is called by this package only."""

from __future__ import annotations

import os
from asyncio import Future
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union, final

__version__: str

Query = Optional[Dict[str, Any]]
Whole = Tuple[int, Dict[str, str], bytes]

@final
class Operation:
    def __new__(cls, method: str, template: str, keyed: bool) -> Operation: ...

@final
class Prepared: ...

@final
class Bridge:
    def __new__(cls, wake: Optional[Callable[[], object]] = None) -> Bridge: ...
    def fileno(self) -> Optional[int]: ...
    def drain(self) -> None: ...
    def cancel(self, ticket: int) -> None: ...
    def close(self) -> None: ...

@final
class Client:
    def __new__(
        cls,
        base_url: Optional[str],
        api_key: Optional[str],
        timeout: Optional[float],
        max_retries: Optional[int],
        proxy: Optional[str],
        headers: Optional[Mapping[str, str]],
        python: str,
        certificates: List[str],
        longest_answer: Optional[int],
    ) -> Client: ...
    @property
    def base_url(self) -> str: ...
    def with_options(
        self, timeout: Optional[float], max_retries: Optional[int], headers: Optional[Mapping[str, str]]
    ) -> Client: ...
    def close(self) -> None: ...
    def request(
        self,
        operation: Operation,
        arguments: Tuple[str, ...],
        query: Query,
        body: Optional[bytes],
        key: Optional[str],
        timeout: Optional[float],
    ) -> bytes: ...
    def submit(
        self,
        bridge: Bridge,
        future: Future[Any],
        operation: Operation,
        arguments: Tuple[str, ...],
        query: Query,
        body: Optional[bytes],
        key: Optional[str],
        timeout: Optional[float],
    ) -> int: ...
    def prepare(
        self,
        operation: Operation,
        arguments: Tuple[str, ...],
        query: Query,
        headers: Optional[Mapping[str, str]],
        body: Optional[bytes],
        key: Optional[str],
        timeout: Optional[float],
    ) -> Prepared: ...
    def prepare_upload(
        self,
        operation: Operation,
        arguments: Tuple[str, ...],
        fields: List[Tuple[str, str]],
        file: object,
        length: Optional[int],
        name: Optional[str],
        mimetype: Optional[str],
        key: Optional[str],
        timeout: Optional[float],
    ) -> Prepared: ...
    def send(self, call: Prepared) -> Whole: ...
    def submit_send(self, bridge: Bridge, future: Future[Any], call: Prepared) -> int: ...
    def download(self, call: Prepared) -> Download: ...
    def submit_download(self, bridge: Bridge, future: Future[Any], call: Prepared) -> int: ...
    def follow(self, call: Prepared, after: Optional[str]) -> Events: ...

@final
class Download:
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Dict[str, str]: ...
    @property
    def content_length(self) -> Optional[int]: ...
    @property
    def content_type(self) -> Optional[str]: ...
    @property
    def file_name(self) -> Optional[str]: ...
    @property
    def request_id(self) -> Optional[str]: ...
    def chunk(self) -> Optional[bytes]: ...
    def submit_chunk(self, bridge: Bridge, future: Future[Any]) -> int: ...
    def read(self, longest: int) -> bytes: ...
    def submit_read(self, bridge: Bridge, future: Future[Any], longest: int) -> int: ...
    def save(self, path: Union[str, os.PathLike[str]]) -> int: ...
    def submit_save(self, bridge: Bridge, future: Future[Any], path: Union[str, os.PathLike[str]]) -> int: ...
    def close(self) -> None: ...

@final
class Events:
    @property
    def last_id(self) -> Optional[str]: ...
    def take(self) -> Optional[Tuple[str, str, bytes]]: ...
    def wait(self) -> bool: ...
    def submit_wait(self, bridge: Bridge, future: Future[Any]) -> int: ...
    def close(self) -> None: ...

def verify_webhook(
    body: bytes,
    headers: List[Tuple[str, str]],
    secrets: List[str],
    tolerance: float,
    now: Optional[float],
) -> None: ...
