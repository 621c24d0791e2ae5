"""A relay that answers later: brought to what was ordered last, kept there, and told of where it does not answer.

Its device is told to let go for a moment only, and told so again and again while the door is to be free. When this
computer dies, the line is cut or the network fails, the strike falls by itself; and an order that comes late is soon
followed by the present one. A new order never waits for the answer to the one before.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from readers.actuators.wires import Wires
from readers.errors import HardwareFault

_log = logging.getLogger(__name__)

HOLD_S = 4.0
"""How long a device lets go after each order, at the most: then a door without a computer is locked."""

RENEW_S = 1.5
CHECK_S = 5.0
"""How often the order to be locked is given again: it tells whether the relay is there before somebody needs it."""

RETRY_S = 1.0
ANSWER_S = 2.0
"""A relay that has not answered by then is taken for dead."""

START_S, START_AGAIN_S = 3.0, 0.2
"""A relay whose line has just been opened may need a moment before it answers for the first time."""

Send = Callable[[bool], Awaitable[None]]
"""Order the relay free (true) or locked, and return once it has answered; raise `HardwareFault` if it will not."""


class RemoteBolt:
    """The bolt of the door `name`. It begins locked, and unproven until its relay has answered once."""

    def __init__(self, name: str, send: Send, wires: Wires, *, renew_s: float = RENEW_S) -> None:
        self._name, self._send, self._wires, self._renew_s = name, send, wires, renew_s
        self.is_free = False
        self._fault: HardwareFault | None = None
        self._is_proven = self._is_asking = False
        self._turn = 0
        self._silent_until = asyncio.get_running_loop().time() + START_S
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
            self.again(after_s=CHECK_S)

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
        await asyncio.sleep(after_s)
        while turn == self._turn:
            answered = await self._try()
            await asyncio.sleep(self._pause_s(answered=answered))

    def _pause_s(self, *, answered: bool) -> float:
        if answered:
            return self._renew_s if self.is_free else CHECK_S
        return START_AGAIN_S if self._is_starting() else RETRY_S

    def _is_starting(self) -> bool:
        return not self._is_proven and asyncio.get_running_loop().time() < self._silent_until

    async def _try(self) -> bool:
        self._is_asking = True
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._send(self.is_free)
        except TimeoutError:
            self.fail(HardwareFault(f"no answer within {ANSWER_S:g} s"))
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
