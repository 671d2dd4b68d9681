"""`sso bench`: what it measures is done."""

from pathlib import Path

import pytest

from services.bench.operations import operations, timed
from services.bench.service import open_measured, stores
from tests.support.databases import copy_if_new


async def test_each_operation_is_done_and_takes_time_and_a_refusal_is_no_figure(tmp_path: Path) -> None:
    with stores(tmp_path) as settings:
        await copy_if_new(str(settings.database.url))
        async with open_measured(settings) as service:
            for operation in operations(service).values():
                taken = await timed(operation, 2)
                assert min(taken.cpu_seconds, taken.per_second) > 0
            [token] = service.vendor.tokens(1, service.clock())
            await service.launch(token)
            with pytest.raises(RuntimeError, match="token_replayed"):
                await service.launch(token)
