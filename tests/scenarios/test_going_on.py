"""A token that was posted twice: the page leads back to the launch that it opened, for the browser that has it."""

import re

from tests.support.ehr import PROFESSIONAL
from tests.support.world import PAGE, Company, World


async def posted_twice(world: World, company: Company) -> tuple[str, str, str]:
    """Return the launch's page, its cookie, and the link on the page of the second post."""
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
    first = await company.launch_in_browser(token)
    second = await company.launch_in_browser(token)
    assert (first.status_code, second.status_code) == (303, 401)
    link = re.search(r'href="(/sso/continue\?launchId=[0-9a-f-]+)"', second.text)
    assert link is not None
    return first.headers["location"], first.headers["set-cookie"].partition(";")[0], link[1]


async def test_the_browser_of_the_launch_goes_on_to_it(world: World) -> None:
    page, cookie, link = await posted_twice(world, await world.company(alg="ES256"))
    answer = await world.client.get(link, headers={**PAGE, "Cookie": cookie})
    assert (answer.status_code, answer.headers["location"]) == (303, page)


async def test_any_other_browser_is_told_to_start_again(world: World) -> None:
    company = await world.company(alg="ES256")
    _, cookie, link = await posted_twice(world, company)
    _, other_cookie, _ = await posted_twice(world, company)
    cases = [(link, ""), (link, other_cookie), ("/sso/continue", cookie), ("/sso/continue?launchId=x", cookie)]
    for target, sent in cases:
        answer = await world.client.get(target, headers={**PAGE, "Cookie": sent})
        assert answer.status_code == 401
        assert "text/html" in answer.headers["content-type"]
        assert "Start again from your EHR" in answer.text


async def test_a_back_end_gets_no_link(world: World) -> None:
    company = await world.company(alg="ES256")
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
    await company.launch(token)
    assert "continue" not in (await company.launch(token)).text
