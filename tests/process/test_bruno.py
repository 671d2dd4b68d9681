"""The Bruno collection runs against the demo, from top to bottom and again and again."""

from pathlib import Path

import pytest

from tests.support.bruno import COLLECTION, BrunoRun, run_collection
from tests.support.demo_server import DemoServer

REQUESTS = [
    "RegisterCompany",
    "GetToken",
    "GetInternalToken",
    "GetPseudoniemByBsn",
    "MakeSecret",
    "ListSecrets",
    "RevokeSecret",
    "IntrospectToken",
    "CreateDossier",
    "CheckPatientPermission Not Yet",
    "ApproveAsPatient 1 Register",
    "ApproveAsPatient 2 Sign In",
    "ApproveAsPatient 3 Open",
    "ApproveAsPatient 4 Choose",
    "CheckPatientPermission",
    "GetProfessionalToken",
    "Diagnose",
    "Launch",
    "Launch Once More",
    "ListProfessionals",
    "ListTreatmentRelationships",
    "DeleteDossier",
    "CheckPatientPermission Not Anymore",
    "EndTreatmentRelationship",
    "UnlinkProfessional",
    "RevokeToken",
    "RevokeToken Refused",
]
"""What there is to learn, in the order in which it works."""


def files() -> dict[Path, bytes]:
    """Return all that the collection consists of, without the installed packages."""
    paths = [*COLLECTION.glob("*"), *COLLECTION.glob("*/*.bru")]
    return {path: path.read_bytes() for path in paths if path.is_file()}


@pytest.fixture(scope="module")
def first(demo: DemoServer, tmp_path_factory: pytest.TempPathFactory) -> BrunoRun:
    """The first run on a fresh demo."""
    return run_collection(demo.url, demo.service_credentials(), tmp_path_factory.mktemp("bruno"))


def test_every_request_is_sent_in_order_and_gets_the_answer_that_it_asserts(first: BrunoRun) -> None:
    assert (first.code, first.passed) == (0, REQUESTS), first.told
    assert first.ran == first.passed


def test_a_second_run_on_the_same_demo_passes_too_and_writes_nothing_into_the_collection(
    demo: DemoServer, first: BrunoRun, tmp_path: Path
) -> None:
    before = files()
    again = run_collection(demo.url, demo.service_credentials(), tmp_path)
    assert (again.code, again.passed) == (0, first.passed), again.told
    after = files()
    assert [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)] == []


def test_a_run_with_a_wrong_secret_fails_where_it_is_used_and_does_not_tell_it(
    demo: DemoServer, tmp_path: Path
) -> None:
    service = {**demo.service_credentials(), "clientSecret": "a-secret-that-is-wrong"}
    run = run_collection(demo.url, service, tmp_path)
    assert run.code != 0
    assert [name for name in REQUESTS if name not in run.passed] == ["GetInternalToken", "GetPseudoniemByBsn"]
    assert "GetInternalToken: res.status eq 200: expected 401 to equal 200" in run.told
    assert service["clientSecret"] not in run.told + (tmp_path / "report.xml").read_text()


def test_each_request_is_in_a_file_of_its_own_name() -> None:
    requests = {path.stem for path in files() if path.suffix == ".bru"} - {"collection", "folder", "Local"}
    assert requests == set(REQUESTS)


def test_the_lock_has_a_hash_for_every_package_and_no_address_to_fetch_it_from() -> None:
    lock = (COLLECTION / "package-lock.json").read_text()
    assert lock.count('"node_modules/') == lock.count('"integrity": "sha512-') > 0
    assert '"resolved"' not in lock
