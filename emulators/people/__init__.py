"""The people of the building: who they are, how they spend their days, and where they really are."""

from emulators.people.crowd import EmulatedPeople
from emulators.people.population import Resident, population

__all__ = ["EmulatedPeople", "Resident", "population"]
