"""What the person at the reader sees, hears and reads for each outcome: defaults, and what a site sets in their place.

A display never shows a digit of a PIN, nor who somebody is or why they were refused: that is told at the reception.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from readers.ports import Feedback

Language = Literal["fr", "en"]
Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=60)]
Beeps = Annotated[int, msgspec.Meta(ge=0, le=20)]
Words = Annotated[str, msgspec.Meta(max_length=32)]
"""Two lines of sixteen characters: what the smallest display holds."""


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence in each language."""

    fr: Words = ""
    en: Words = ""


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lamp's colour for so long, so many beeps of so long, and a text."""

    colour: Literal["off", "green", "red", "amber"] = "off"
    for_s: Seconds = 3.0
    beeps: Beeps = 0
    beep_s: Annotated[float, msgspec.Meta(ge=0.1, le=2)] = 0.1
    text: Text = Text()


class Feedbacks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The signal of every outcome; each field is the value of a `Feedback`. `language` is that of displays."""

    language: Language = "fr"
    granted: Signal = Signal("green", 3.0, 1, text=Text("Entrez", "Please enter"))
    refused: Signal = Signal("red", 3.0, 3, text=Text("Acces refuse", "Access denied"))
    waiting: Signal = Signal("amber", 10.0, text=Text("Patientez", "Please wait"))
    enter_pin: Signal = Signal("amber", 10.0, 1, text=Text("Votre code ?", "Your PIN?"))
    second_person: Signal = Signal("amber", 10.0, 2, text=Text("2e personne ?", "Second person?"))
    close_door: Signal = Signal("red", 30.0, 5, 0.3, Text("Fermez la porte", "Close the door"))
    ready: Signal = Signal("off", 0.1)


def signals(chosen: Feedbacks) -> Mapping[Feedback, Signal]:
    """Return the signal of each outcome."""
    return {feedback: getattr(chosen, feedback.name.lower()) for feedback in Feedback}
