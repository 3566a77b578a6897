from __future__ import annotations

from typing import Iterator, Union

import pytest
from driver import Loop, Threads
from faulty import Faulty
from gateway import Gateway, Session

Driver = Union[Threads, Loop]

LIMITS = {"BODY_SIZE_LIMIT": "100mb", "MEDIA_DOWNLOAD_MAX_BYTES": "100mb"}
"""For files of 64 MiB."""


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), LIMITS)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def session(gateway: Gateway) -> Session:
    return gateway.session("store")


@pytest.fixture(scope="session")
def faulty() -> Iterator[Faulty]:
    faulty = Faulty()
    yield faulty
    faulty.stop()


@pytest.fixture(params=[Threads, Loop], ids=lambda kind: kind.language)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    driver: Driver = request.param()
    yield driver
    driver.close()
