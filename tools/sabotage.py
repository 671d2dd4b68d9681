"""`make sabotage`: switches off one line of defence after the other, and checks that the tests of it fail.

Not one of the tests: it runs some of them again and again, and tells something new only when they themselves change.
"""

import subprocess
import sys
import time
from typing import Final

from tests.support.sabotage import SABOTAGES

_ONCE_IN_REDIS: Final = "tests/contract/test_replay_guard.py::test_of_fifty_at_once_over_two_clients_one_wins"
_BY_REDIS_ALONE: Final = (
    "tests/scenarios/test_redis_faults.py"
    "::test_redis_refuses_a_replay_by_itself_and_remembers_longer_than_any_clock_accepts"
)
_WHILE_DOWN: Final = (
    "tests/scenarios/test_redis_faults.py"
    "::test_while_redis_is_down_nothing_is_accepted_and_afterwards_the_token_is_good_again"
)
_FLUSHED: Final = "tests/scenarios/test_redis_faults.py::test_a_flushed_redis_lets_no_token_in_twice"
_ONE_ROW: Final = "tests/contract/test_launch_store.py::test_a_jti_is_spent_once_per_company[sqlite]"
_ORDERS: Final = (
    "tests/contract/test_every_interleaving.py::test_no_order_of_requests_replies_and_losses_accepts_a_token_twice"
)
_ORDERS_OF_REDIS, _ORDERS_OF_THE_ROW = f"{_ORDERS}[RedisAlone]", f"{_ORDERS}[RowAlone]"

NOTICED_BY: Final[dict[str, list[str]]] = {
    "the spend in Redis": [_ONCE_IN_REDIS, _BY_REDIS_ALONE, _WHILE_DOWN, _ORDERS_OF_REDIS],
    "the spend in Redis is two commands": [_ONCE_IN_REDIS],
    "a Redis that does not answer is a yes": [_WHILE_DOWN, _ORDERS_OF_REDIS],
    "the row is not unique": [_FLUSHED, _ONE_ROW, _ORDERS_OF_THE_ROW],
}


def run(sabotage: str, tests: list[str]) -> set[str]:
    """Return which of the tests fail under a sabotage."""
    options = ["-p", "tests.support.sabotage", "--sabotage", sabotage, "-q", "--tb=no", "--show-capture=no", "-rA"]
    command = [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", *tests]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout.splitlines()
    passed, failed = (
        {test for test in tests if f"{word} {test}" in _first_words(said)} for word in ("PASSED", "FAILED")
    )
    if passed | failed != set(tests):
        raise SystemExit("\n".join(["A test did not run:", *sorted(set(tests) - passed - failed), *said[-20:]]))
    return failed


def _first_words(lines: list[str]) -> set[str]:
    return {" ".join(line.split()[:2]) for line in lines}


def main() -> None:
    """Say what was noticed. Exits with 1 if a sabotage was not, or if a test fails without one."""
    wrong = 0
    for sabotage in SABOTAGES:
        began = time.monotonic()
        tests = NOTICED_BY.get(sabotage) or sorted({test for tests in NOTICED_BY.values() for test in tests})
        failed = run(sabotage, tests)
        unexpected = failed if sabotage == "nothing" else set(tests) - failed
        print(f"{sabotage}: {len(failed)} of {len(tests)} tests fail ({time.monotonic() - began:.0f} s)")
        for test in sorted(unexpected):
            print(f"  {'fails though nothing is wrong' if sabotage == 'nothing' else 'noticed nothing'}: {test}")
        wrong += len(unexpected)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
