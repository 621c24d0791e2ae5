"""How a page tells doors something and shows what each of them said. Nothing is told without a reason and the right."""

import secrets
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard.front import Front, language
from access.dashboard.guard import is_ours
from access.dashboard.ports import Actor
from access.errors import Conflict, Invalid, NotFound
from access.services.answers import Answer, Answers
from access.services.doors import UNLOCKS_WITHIN, Act
from policies.building import Building
from policies.ids import DoorId

_ANSWERS_WITHIN_S = 2.0
"""How long a page waits for doors to say that they have a mode; it takes effect without them, too."""

Work = Callable[[Act], tuple[DoorId, ...]]


class Telling:
    """Tells doors for whoever is signed in. `is_connected` says whether the bus is there to answer."""

    def __init__(
        self, front: Front, building: Building, answers: Answers, is_connected: Callable[[], bool]
    ) -> None:
        self._front, self._building = front, building
        self._answers, self._is_connected = answers, is_connected

    async def entitled(self, request: Request, scope: str, csrf: str) -> Actor | Response:
        """Return who sent a form of ours and may do that, or the answer for whoever did or may not."""
        operator = await self._front.entitled(request, scope)
        if isinstance(operator, Response) or is_ours(request, csrf):
            return operator
        return self.refused(request, operator, "refused-form")

    async def tell(
        self,
        request: Request,
        operator: Actor,
        work: Work,
        reason: str,
        *,
        is_once: bool = False,
        note: str = "",
    ) -> Response:
        """Tell the doors, and show what they said, and a `note` to it. What `is_once` is done at once or never."""
        if not reason.strip():
            return self.refused(request, operator, "refused-no-reason")
        act = Act(f"c-{secrets.token_hex(16)}", operator.name, reason.strip(), self._front.now())
        within_s = UNLOCKS_WITHIN.total_seconds() if is_once else _ANSWERS_WITHIN_S
        waits_s = within_s if self._is_connected() else 0.0
        try:
            said = await self._answers.asked(act.id, partial(run_in_threadpool, work, act), waits_s)
        except NotFound:
            return self._front.astray(request, operator)
        except Conflict:
            return self.refused(request, operator, "refused-no-lockdown")
        except Invalid as error:
            return self.refused(request, operator, _refusal(error))
        words = [(door, _word(one, is_once=is_once)) for door, one in said.items()]
        return self._answer(request, operator, words, note=self._front.words(request)(note) if note else "")

    def refused(self, request: Request, operator: Actor, refusal: str) -> Response:
        """Say why nothing was told."""
        response = self._answer(request, operator, [], self._front.words(request)(refusal))
        if "hx-request" not in request.headers:  # htmx puts in only what succeeded
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    def _answer(
        self,
        request: Request,
        operator: Actor,
        words: list[tuple[DoorId, str]],
        refusal: str = "",
        note: str = "",
    ) -> Response:
        spoken = language(request)
        renderer = self._front.broadcast.renderers[spoken]
        rows = [
            (self._building.doors[door].name, renderer.words(word)) for door, word in words if word != _OBEYED
        ]
        return self._front.page(
            request,
            spoken,
            frame(request, "order-answer"),
            rows=rows,
            all=len(words),
            obeyed=len(words) - len(rows),
            time=renderer.time(self._front.now()),
            refusal=refusal,
            note=note,
            back=_back(request),
            operator=operator,
        )


def frame(request: Request, name: str) -> str:
    """Return the template of a part for htmx, and of a page for whoever has no script."""
    return f"{name}.html" if "hx-request" in request.headers else f"{name}-page.html"


def _word(said: Answer | None, *, is_once: bool) -> str:
    if said is None:
        return "said-silent-once" if is_once else "said-silent"
    return _OBEYED if said.obeyed else f"said-{said.cause}"


def _refusal(error: Invalid) -> str:
    """Return what is said of an order that cannot be, by the field that the error names first."""
    return _REFUSALS.get(str(error).partition(":")[0], "refused-order")


def _back(request: Request) -> str:
    """Return the page that a form stands on."""
    steps = request.url.path.split("/")
    return f"/doors/{steps[2]}" if steps[1] == "doors" else "/lockdown"


_OBEYED = "obeyed"
_REFUSALS = {"reason": "refused-reason-long", "until": "refused-until", "mode": "refused-interlock"}
