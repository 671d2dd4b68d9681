"""Every page that a person can come to, as one walk through the demo: a new page is a line in `PAGES`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from tests.browser.visitor import NOWHERE, Visitor
from tests.support.bsns import fresh_bsn

Step = Callable[[Visitor], Awaitable[None]]


@dataclass(frozen=True)
class Stop:
    """A page: the step that leads to it, its status, and what shows that it is the page meant (a CSS selector)."""

    step: Step
    status: int = 200
    shows: str = "main"


def _at(path: str) -> Step:
    return lambda visitor: visitor.go(path)


def _shown(template: str, **values: object) -> Step:
    return lambda visitor: visitor.show(template, **values)


async def _register_wrongly(visitor: Visitor) -> None:
    await visitor.go("/register")
    await visitor.fill(bsn="1", firstName="Peter", lastName="de Mol")
    await visitor.press("main form button")


async def _sign_in_wrongly(visitor: Visitor) -> None:
    await visitor.go("/sign-in")
    await visitor.fill(bsn=visitor.bsn, lastName="Jansen")
    await visitor.press("main form button")


async def _register(visitor: Visitor) -> None:
    await visitor.go("/register")
    await visitor.fill(bsn=visitor.bsn, firstName="Peter", lastName="de Mol")
    await visitor.press("main form button")


async def _have_a_dossier(visitor: Visitor) -> None:
    await visitor.dossier()
    await visitor.go("/")


async def _approve(visitor: Visitor) -> None:
    await visitor.go("/")  # from the page of an error
    await visitor.press("button[value=approved]")


async def _decline(visitor: Visitor) -> None:
    await visitor.go("/")
    await visitor.press("button[value=declined]")


async def _approve_what_was_declined_meanwhile(visitor: Visitor) -> None:
    await visitor.go("/")
    await visitor.write(latest="0")
    await visitor.press("button[value=approved]")


async def _approve_what_is_worded_anew(visitor: Visitor) -> None:
    await visitor.go("/")
    await visitor.write(text="of another release")
    await visitor.press("button[value=approved]")


async def _see_the_launch(visitor: Visitor) -> None:
    await visitor.go(visitor.launch)


async def _sign(visitor: Visitor) -> None:
    await visitor.page.goto(visitor.demo.simulator_url)
    await visitor.press("main form button")


async def _sign_wrongly(visitor: Visitor) -> None:
    await visitor.page.goto(f"{visitor.demo.simulator_url}?fault=altered")
    await visitor.press("main form button")


async def _type_no_clock(visitor: Visitor) -> None:
    await visitor.page.goto(visitor.demo.simulator_url)
    await visitor.page.click("summary")
    await visitor.fill(clock="99999999")
    await visitor.press("main form button")


async def _see_no_token(visitor: Visitor) -> None:
    await visitor.page.goto(f"{visitor.demo.simulator_url}/nothing")


async def _launch(visitor: Visitor) -> None:
    await visitor.open()


async def _launch_again(visitor: Visitor) -> None:
    await visitor.send("/sso/launch", token=visitor.token)


async def _launch_without_a_dossier(visitor: Visitor) -> None:
    await visitor.open(patientInfo={"bsn": fresh_bsn()})


async def _leave_another_patient(visitor: Visitor) -> None:
    first = visitor.launch
    await _launch(visitor)
    await visitor.send(f"{first}/leave")


async def _launch_nobody(visitor: Visitor) -> None:
    await visitor.open(patientInfo=None)


async def _launch_unnamed(visitor: Visitor) -> None:
    await visitor.open(sub=f"profID-{uuid4()}", profInfo=None)


async def _ask_to_register(visitor: Visitor) -> None:
    await visitor.page.click(f"main a[href*='{visitor.launch}/register']")


async def _register_professional_wrongly(visitor: Visitor) -> None:
    await visitor.fill(firstname="John", lastname=" ", email="john@praktijk")
    await visitor.press("main form button")


async def _leave(visitor: Visitor) -> None:
    await _launch(visitor)
    await visitor.press("header form[action$='/leave'] button")


PAGES: Final[Mapping[str, Stop]] = {
    "front": Stop(_at("/")),
    "register": Stop(_at("/register")),
    "register-wrong": Stop(_register_wrongly, 422),
    "sign-in": Stop(_at("/sign-in")),
    "sign-in-refused": Stop(_sign_in_wrongly, 401),
    "patient-without-dossiers": Stop(_register),
    "patient-undecided": Stop(_have_a_dossier, shows=".open"),
    "simulator": Stop(_at("/simulator")),
    "simulator-wrong": Stop(_type_no_clock, 422),
    "signed": Stop(_sign, shows=".token"),
    "signed-refused": Stop(_sign_wrongly, shows=".steps .refused"),
    "signed-gone": Stop(_see_no_token, 404),
    "launch-undecided": Stop(_launch, shows=".open"),
    "error-replayed": Stop(_launch_again, 401),
    "patient-approved": Stop(_approve, shows=".good"),
    "launch-approved": Stop(_see_the_launch, shows=".good"),
    "patient-declined": Stop(_decline, shows="dd .bad"),
    "launch-declined": Stop(_see_the_launch, shows="dd .bad"),
    "patient-overtaken": Stop(_approve_what_was_declined_meanwhile, 409),
    "patient-reworded": Stop(_approve_what_is_worded_anew, 409),
    "patient-whole-history": Stop(_at("/?history=whole"), shows="details[open]"),
    "launch-without-dossier": Stop(_launch_without_a_dossier, shows="#patient + dl"),
    "error-another-patient": Stop(_leave_another_patient, 409),
    "launch-without-patient": Stop(_launch_nobody, shows="#patient + p"),
    "launch-registration-required": Stop(_launch_unnamed, shows=".open"),
    "register-professional": Stop(_ask_to_register, shows="[name=email]"),
    "register-professional-wrong": Stop(_register_professional_wrongly, 422),
    "left": Stop(_leave),
    "error-not-found": Stop(_at("/nowhere"), 404),
    "error-no-launch": Stop(_at(f"/launch/{uuid4()}"), 401),
    "error-code": Stop(_at("/errors/token_replayed")),
    "api": Stop(_at("/docs")),
    "signed-out": Stop(_shown("signed_out.html", can_sign_in=True)),
    "signed-out-without-provider": Stop(_shown("signed_out.html", can_sign_in=False)),
    "signing-out": Stop(_shown("signing_out.html", place=NOWHERE)),
    "signing-out-unknown": Stop(_shown("signing_out.html", place=None)),
    "still-open": Stop(_shown("still_open.html")),
    "not-sure": Stop(_shown("not_sure.html", reference=str(uuid4()))),
}
"""In this order: a page builds on what was done at those before it."""

IN_ENGLISH_ALONE: Final = frozenset({"api"})
"""Pages for programmers."""
