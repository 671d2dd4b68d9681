"""`sso token inspect`: the steps that need no service, in the words of the diagnosis, and nobody's data on screen."""

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.errors import TokenExpired
from sso.verifier.flaws import Flaw
from sso.verifier.mending import FLAWS, REFUSALS
from tests.support.command import Ended, sso
from tests.support.ehr import PROFESSIONAL, Ehr, flip

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
AT = "2026-03-04T05:06:07Z"
EHR = Ehr("ES256")
BSN = "123456782"


def signed(**claims: Any) -> str:
    person = {"profInfo": PROFESSIONAL, "patientInfo": {"bsn": BSN, "lastname": "Jansen"}}
    return EHR.sign(EHR.claims(NOW, **(person | claims)))


def inspected(folder: Path, token: str, *arguments: str) -> Ended:
    (folder / "token").write_text(f"{token}\n")
    return sso("token", "inspect", str(folder / "token"), "--at", AT, *arguments)


def steps(ended: Ended) -> list[str]:
    """Return the steps that were taken, the one that failed with a ! before it."""
    taken = [line.split() for line in ended.out.splitlines() if line.startswith(("ok ", "FAIL "))]
    return [f"{'!' if word == 'FAIL' else ''}{step.rstrip(':')}" for word, step, *_ in taken]


def key_file(folder: Path, form: str) -> str:
    file = folder / f"key.{form}"
    file.write_bytes(EHR.key.as_pem(private=False) if form == "pem" else json.dumps(EHR.public_jwk()).encode())
    return str(file)


def test_a_good_token_passes_every_step_that_needs_no_service(tmp_path: Path) -> None:
    ended = inspected(tmp_path, signed())
    assert (ended.code, ended.err) == (0, "")
    assert steps(ended) == ["size", "segments", "header", "typ", "algorithm", "claims", "freshness"]
    assert "Only the service knows: signer, parties, treatment_relationship, already_used." in ended.out
    assert f"kid: {EHR.kid}\n" in ended.out
    assert "iat is 0 seconds before our clock" in ended.out


@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_with_the_public_key_the_signature_is_looked_at_too(tmp_path: Path, form: str) -> None:
    key = key_file(tmp_path, form)
    assert steps(inspected(tmp_path, signed(), "--key", key))[5:7] == ["key", "signature"]
    forged = inspected(tmp_path, flip(signed(), 1), "--key", key)
    assert (forged.code, steps(forged)[-1]) == (1, "!signature")
    assert FLAWS[Flaw.BAD_SIGNATURE].sentence in forged.out
    stranger = inspected(tmp_path, Ehr("RS256").sign(EHR.claims(NOW)), "--key", key)
    assert (stranger.code, steps(stranger)[-1]) == (1, "!key")


def test_a_key_goes_by_the_name_and_the_algorithm_that_the_token_gives_it(tmp_path: Path) -> None:
    """Which names and algorithms are registered or published, the service alone knows."""
    published = EHR.sign(EHR.claims(NOW), kid="2024-01")
    assert inspected(tmp_path, published, "--key", key_file(tmp_path, "jwk")).code == 0
    rsa = Ehr("PS256")
    (tmp_path / "rsa.pem").write_bytes(rsa.key.as_pem(private=False))
    assert inspected(tmp_path, rsa.sign(rsa.claims(NOW)), "--key", str(tmp_path / "rsa.pem")).code == 0


def test_the_help_says_what_the_service_alone_knows() -> None:
    said = re.sub(r"[│\s]+", " ", sso("token", "inspect", "--help").out)
    assert "under which kid and algorithm a key is registered or published" in said
    assert "the 11-test" in said


def test_a_private_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "private").write_text(json.dumps(EHR.key.as_dict(private=True)))
    ended = inspected(tmp_path, signed(), "--key", str(tmp_path / "private"))
    assert ended.code == 1
    assert "private key" in ended.err
    assert str(EHR.key.as_dict(private=True)["d"]) not in ended.err + ended.out


def test_no_person_is_shown_unless_it_is_asked_for(tmp_path: Path) -> None:
    people = [BSN, "Jansen", *PROFESSIONAL.values(), "profID1241"]
    masked, shown = inspected(tmp_path, signed()), inspected(tmp_path, signed(), "--show")
    assert not [text for text in people if text in masked.out]
    assert not [text for text in people if text not in shown.out]
    assert "patientInfo.bsn: 9 digits, passes the 11-test: yes\n" in masked.out
    odd = inspected(tmp_path, EHR.sign(EHR.claims(NOW), kid=BSN, typ=BSN))
    assert BSN not in odd.out


def test_what_is_shown_does_not_steer_the_terminal(tmp_path: Path) -> None:
    ended = inspected(tmp_path, signed(sub="\x1b[31m\u202e"), "--show")
    assert all(line.isprintable() for line in ended.out.splitlines())


def test_freshness_is_checked_at_the_time_that_is_given(tmp_path: Path) -> None:
    late = inspected(tmp_path, signed(), "--at", "2026-03-04T06:06:07+01:00")
    assert late.code == 0
    late = inspected(tmp_path, signed(), "--at", "2026-03-04T05:12:07Z")
    assert (late.code, steps(late)[-1]) == (1, "!freshness")
    assert REFUSALS[TokenExpired].sentence in late.out


@pytest.mark.parametrize("at", ["yesterday", "2026-03-04T05:06:07", ""])
def test_a_time_without_its_zone_is_none(tmp_path: Path, at: str) -> None:
    ended = inspected(tmp_path, signed(), "--at", at)
    assert ended.code == 2
    assert ended.err.startswith("sso: TIME is a moment with its zone")


FAULTS = {
    "x" * 9000: "size",
    "not a token": "segments",
    "": "segments",
    "e30.e30.e30": "header",
    "\ufffd.\ufffd.\ufffd": "segments",
}


@pytest.mark.parametrize("text", FAULTS, ids=range(len(FAULTS)))
def test_whatever_is_in_the_file_the_step_at_which_it_fails_is_named(tmp_path: Path, text: str) -> None:
    ended = inspected(tmp_path, text)
    assert (ended.code, steps(ended)[-1]) == (1, f"!{FAULTS[text]}")


def test_a_token_comes_on_standard_input_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{signed()}\n".encode())))
    assert sso("token", "inspect", "--at", AT).code == 0


def test_a_token_as_an_argument_is_not_taken_and_not_repeated() -> None:
    ended = sso("token", "inspect", signed())
    assert (ended.code, ended.out) == (2, "")
    assert "never the token as an argument" in ended.err
    assert signed()[:20] not in ended.err
    assert "never the token itself" in re.sub(r"[│\s]+", " ", sso("token", "inspect", "--help").out.lower())
