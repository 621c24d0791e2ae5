"""What a page says of an order that doors were not told."""

import pytest
from fastapi import FastAPI, Request, Response

from access.dashboard.front import Front
from access.dashboard.telling import Telling
from access.errors import Invalid
from access.services.answers import Answers
from access.services.outbox import Outbox
from tests.access.dashboard.conftest import Somebody
from tests.asgi_client import Client
from tests.live_events import NINE


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("reason: expected 1 to 300 characters", "The reason is too long"),
        ("mode: of the doors of interlock bay no two are ever open", "it is never set free"),
        ("door agora: expected another", "This order cannot be given"),
        ("expected another", "This order cannot be given"),
    ],
)
def test_an_order_that_cannot_be_given_is_refused_in_words_whatever_its_fault(
    broadcast, building, operators, fault, said
):
    front = Front(broadcast, operators, lambda: NINE, "KM0 Mulhouse", is_fictional=True)
    telling = Telling(front, building, Answers(Outbox()), lambda: False)
    app = FastAPI()

    @app.post("/doors/agora/mode")
    async def order(request: Request) -> Response:
        def work(_act):
            raise Invalid(fault)

        guard = Somebody("ada", must_set_password=False, scopes=frozenset({"doors:write"}))
        return await telling.tell(request, guard, work, "a parcel")

    answer = Client(app, {"Accept-Language": "en"}).post("/doors/agora/mode")
    assert answer.status_code == 422
    assert said in answer.text
