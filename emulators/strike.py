"""One door as physics: a strike, a leaf with its closer, a contact, an exit switch, and a lamp at the reader.

To the controller it is `readers.ports.DoorHardware`; to people it is something to push, leave by, hold or force.
It never knows what the controller wants. From inside the handle is mechanical: leaving is never refused. The building's
own release cuts the strike's supply, whatever the controller orders.
"""

from collections.abc import Callable

from emulators.contact import Contact
from emulators.faults import CableFault, DoorFaults, RelayFault
from emulators.leaf import Leaf
from policies.building import Door, Strike
from policies.ids import ReaderId
from readers.errors import HardwareFault
from readers.ports import Clock, Feedback, Input


class EmulatedDoor:
    """The door that `door` describes. Throw its `faults` at any time; `supervised` is said of its contact."""

    def __init__(
        self, door: Door, clock: Clock, faults: DoorFaults | None = None, *, supervised: bool = False
    ) -> None:
        self.door = door
        self.faults = faults or DoorFaults()
        self.lamp: Feedback | None = None
        self.is_unwired = self.is_tampered = False
        self._ordered_free = self._relay_free = False
        self._leaf = Leaf(clock, self._follow)
        self._contact = Contact(clock, self.faults, self._tell, supervised=supervised)
        self._inputs: tuple[Callable[[Input], None], ...] = ()
        self._watchers: tuple[Callable[[Feedback], None], ...] = ()

    # ---- the controller's side: readers.ports.DoorHardware

    def unlock(self) -> None:
        """Release the strike."""
        self._order(free=True)

    def lock(self) -> None:
        """Engage the strike; an open leaf latches when it falls shut."""
        self._order(free=False)

    def show(self, feedback: Feedback, at: ReaderId | None = None) -> None:
        """Light the one lamp that all readers of the door share."""
        del at
        self.lamp = feedback
        for watcher in self._watchers:
            watcher(feedback)

    def listen(self, on_input: Callable[[Input], None]) -> None:
        """Wire an input listener to the contact, the exit switch and what else there is."""
        self._inputs = (*self._inputs, on_input)

    def senses(self) -> frozenset[Input]:
        """Return what the inputs tell now."""
        told = {Input.TAMPERED if self.is_tampered else Input.TAMPER_ENDED}
        told.add(Input.OUTPUT_FAILED if self.faults.relay is RelayFault.NO_ANSWER else Input.OUTPUT_RESTORED)
        if self.door.contact:
            told.add(self._contact.seen)
        if self.door.release_input:
            told.add(Input.RELEASED if self.is_unwired else Input.REARMED)
        return frozenset(told)

    # ---- what can be seen

    @property
    def is_open(self) -> bool:
        """Whether the leaf is out of its frame."""
        return self._leaf.is_open

    @property
    def is_released(self) -> bool:
        """Whether the leaf gives way to a push. Without power, that is up to the strike's kind."""
        if self.is_unwired:
            return True
        if self.faults.power_cut:
            return self.door.strike is Strike.FAIL_SAFE
        return self._relay_free

    @property
    def angle_deg(self) -> float:
        """How far the leaf stands open now."""
        return self._leaf.angle_deg

    def watch(self, on_lamp: Callable[[Feedback], None]) -> None:
        """Call `on_lamp` each time the lamp is lit."""
        self._watchers = (*self._watchers, on_lamp)

    # ---- what people do

    def push(self) -> bool:
        """Push the leaf and go through; return whether it gave way, to the strike or because it stood open."""
        if not (self.is_open or self.is_released):
            return False
        self._leaf.swing_open()
        return True

    def tailgate(self) -> bool:
        """Slip through behind somebody; return whether the leaf still stood open."""
        return self.is_open and self.push()

    def press(self) -> None:
        """Press the exit button, without going through yet; nothing happens where there is none."""
        if self.door.exit_button:
            self._tell(Input.EXIT_REQUESTED)

    def leave(self) -> None:
        """Go out by the handle: it works its switch, where there is one, and always opens."""
        self.press()
        self._leaf.swing_open()

    def force(self) -> None:
        """Break in: the leaf opens whatever the strike."""
        self._leaf.swing_open()

    def hold(self, seconds: float) -> bool:
        """Keep an open leaf from closing for `seconds`; return False if it is shut already."""
        return self._leaf.hold(seconds)

    def let_go(self) -> None:
        """End a hold: the closer takes the leaf."""
        self._leaf.let_go()

    # ---- what happens to the building

    def release(self) -> None:
        """Break the green box, or let the fire panel do so: the strike loses its supply and lets go."""
        self.is_unwired = True
        if self.door.release_input:
            self._tell(Input.RELEASED)

    def rearm(self) -> None:
        """Close the supply line again."""
        self.is_unwired = False
        if self.door.release_input:
            self._tell(Input.REARMED)

    def open_case(self) -> None:
        """Open the case of the reader or the relay."""
        self.is_tampered = True
        self._tell(Input.TAMPERED)

    def shut_case(self) -> None:
        """Shut it again."""
        self.is_tampered = False
        self._tell(Input.TAMPER_ENDED)

    def break_cable(self, fault: CableFault) -> None:
        """Cut the contact's wires, or join them."""
        self._set_cable(fault)

    def mend_cable(self) -> None:
        """Make the contact's cable whole."""
        self._set_cable(None)

    def stick_contact(self) -> None:
        """Let the contact stay as it is, whatever the leaf does."""
        self.faults.contact_stuck = True

    def free_contact(self) -> None:
        """Let the contact follow the leaf again."""
        self.faults.contact_stuck = False
        self._follow()

    def break_relay(self) -> None:
        """Let the relay answer no more; it stays where it is."""
        self.faults.relay = RelayFault.NO_ANSWER
        self._tell(Input.OUTPUT_FAILED)

    def mend_relay(self) -> None:
        """Let the relay answer again: it goes to where it was ordered last."""
        self.faults.relay = None
        self._relay_free = self._ordered_free
        self._tell(Input.OUTPUT_RESTORED)

    # ---- how it works

    def _order(self, *, free: bool) -> None:
        self._ordered_free = free
        if self.faults.relay is RelayFault.NO_ANSWER:
            raise HardwareFault(
                f"door {self.door.id}: the relay does not answer, expected it to switch the strike"
            )
        if self.faults.relay is None:
            self._relay_free = free

    def _follow(self) -> None:
        if self.door.contact:
            self._contact.move(is_open=self.is_open)

    def _set_cable(self, fault: CableFault | None) -> None:
        self.faults.cable = fault
        if self.door.contact:
            self._contact.look()

    def _tell(self, what: Input) -> None:
        for on_input in self._inputs:
            on_input(what)
