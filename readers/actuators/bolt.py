"""A relay that answers later: brought to what was ordered last, kept there, and told of where it does not answer.

Its device is told to let go for a moment only, and told so again and again while the door is to be free. When this
computer dies, the line is cut or the network fails, the strike falls by itself; and an order that comes late is soon
followed by the present one. A new order never waits for the answer to the one before.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from readers.actuators.wires import Wires
from readers.errors import HardwareFault

_log = logging.getLogger(__name__)

START_AGAIN_S = 0.2


class Pace(msgspec.Struct, frozen=True):
    """How a relay is kept where it is ordered, in seconds.

    It is told to let go for `hold_s`, and told so again every `renew_s`; to be locked, every `check_s`, so that a dead
    one is known before somebody needs it. It is dead when it has not answered within `answer_s`, and ordered again
    after `retry_s`; while its line has just been opened it may need `start_s` before it answers for the first time.
    """

    hold_s: float = 4.0
    renew_s: float = 1.5
    check_s: float = 5.0
    retry_s: float = 1.0
    answer_s: float = 2.0
    start_s: float = 3.0


PACE = Pace()

Send = Callable[[bool], Awaitable[None]]
"""Order the relay free (true) or locked, and return once it has answered; raise `HardwareFault` if it will not."""


class RemoteBolt:
    """The bolt of the door `name`. It begins locked, and unproven until its relay has answered once."""

    def __init__(self, name: str, send: Send, wires: Wires, pace: Pace = PACE) -> None:
        self._name, self._send, self._wires, self._pace = name, send, wires, pace
        self.is_free = False
        self._fault: HardwareFault | None = None
        self._is_proven = self._is_asking = False
        self._turn = 0
        self._silent_until = asyncio.get_running_loop().time() + pace.start_s
        self._keeping: asyncio.Task[None] | None = None

    def order(self, *, free: bool) -> None:
        """Give an order; raise `HardwareFault` where the relay did not answer the last one."""
        self.is_free = free
        self.again()
        if self._fault is not None:
            raise HardwareFault(f"{self._name}: {self._fault}, expected it to switch the strike")

    def again(self, after_s: float = 0.0) -> None:
        """Give the present order once more."""
        turn = self._stop()
        self._keeping = asyncio.get_running_loop().create_task(self._keep(turn, after_s), name=self._name)

    def postpone(self) -> None:
        """Give the present order again only after a whole pause, where none is under way."""
        if not self._is_asking:
            self.again(after_s=self._pace.check_s)

    def fail(self, fault: HardwareFault) -> None:
        """Note that the relay cannot answer now; the order is given again until it does."""
        if self._is_starting():
            return
        self._is_proven = True
        if self._fault is None:
            _log.error("door-output-failed", extra={"fault": f"{self._name}: {fault}"})
        self._fault = fault
        self._wires.output(answers=False)

    async def close(self) -> None:
        """Lock, as far as the relay answers, and give no more orders."""
        self._stop()
        self.is_free = False
        await self._try()

    def _stop(self) -> int:
        """End the turn, and return the next: a library may swallow the cancellation of what waits in it."""
        self._turn += 1
        if self._keeping is not None:
            self._keeping.cancel()
        return self._turn

    async def _keep(self, turn: int, after_s: float) -> None:
        if after_s:
            await asyncio.sleep(after_s)
        while turn == self._turn:
            answered = await self._try()
            await asyncio.sleep(self._pause_s(answered=answered))

    def _pause_s(self, *, answered: bool) -> float:
        if answered:
            return self._pace.renew_s if self.is_free else self._pace.check_s
        return START_AGAIN_S if self._is_starting() else self._pace.retry_s

    def _is_starting(self) -> bool:
        return not self._is_proven and asyncio.get_running_loop().time() < self._silent_until

    async def _try(self) -> bool:
        self._is_asking = True
        try:
            async with asyncio.timeout(self._pace.answer_s):
                await self._send(self.is_free)
        except TimeoutError:
            self.fail(HardwareFault(f"no answer within {self._pace.answer_s:g} s"))
            return False
        except HardwareFault as fault:
            self.fail(fault)
            return False
        finally:
            self._is_asking = False
        if self._fault is not None:
            _log.info("door-output-restored", extra={"fault": self._name})
        self._fault, self._is_proven = None, True
        self._wires.output(answers=True)
        return True
