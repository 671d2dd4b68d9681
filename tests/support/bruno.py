"""The Bruno collection, run by Bruno's own command line against a running demo."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

COLLECTION = Path(__file__).parents[2] / "bruno"
BRU = COLLECTION / "node_modules" / ".bin" / "bru"
SECONDS = 120.0


@dataclass(frozen=True)
class BrunoRun:
    """How a run ended: its exit code, the requests that ran and those that passed, by name and in order.

    `told` says what went wrong, without the secret that the run was given.
    """

    code: int
    ran: list[str]
    passed: list[str]
    told: str


def run_collection(url: str, service: dict[str, str], folder: Path) -> BrunoRun:
    """Run all of the collection as its documentation says (at most two minutes).

    `service` has `clientId` and `clientSecret`; `folder` is an empty one, for the report and for what
    Bruno keeps at home.
    """
    report = folder / "report.xml"
    variables = {"baseUrl": url, **service}
    ended = subprocess.run(
        [
            *(str(BRU), "run", "-r", "--env", "Local"),
            *(part for name, value in variables.items() for part in ("--env-var", f"{name}={value}")),
            *("--reporter-junit", str(report), "--reporter-skip-all-headers", "--reporter-skip-body"),
        ],
        cwd=COLLECTION,
        # Debian 12's Node.js 18 has Web Crypto behind this switch; newer ones take it and have it anyway.
        # No proxy and no settings of the shell's: everything is on loopback.
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "NODE_OPTIONS": "--experimental-global-webcrypto"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    suites = list(ET.parse(report).getroot()) if report.exists() else []  # noqa: S314 - Bruno's own report
    output = (ended.stdout + ended.stderr).replace(service["clientSecret"], "(secret)")
    faults = [line for suite in suites for line in _faults(suite)]
    return BrunoRun(
        code=ended.returncode,
        ran=[suite.attrib["name"] for suite in suites],
        passed=[suite.attrib["name"] for suite in suites if _passed(suite)],
        told="\n".join(faults) if faults else output[-3000:],
    )


def _passed(suite: ET.Element) -> bool:
    """Return whether a request was sent, looked at and found right; one without a check was not looked at."""
    counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    return counts.pop("tests") > 0 and not any(counts.values())


def _faults(suite: ET.Element) -> list[str]:
    return [
        f"{suite.attrib['name']}: {case.attrib['name']}: {fault.attrib['message']}"
        for case in suite
        for fault in case
        if fault.tag in {"failure", "error"}
    ]
