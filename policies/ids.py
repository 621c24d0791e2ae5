"""Identifiers: one distinct type for each noun of the building.

They are strings at run time, so that files, events and topics carry them unchanged; only the type checker tells
them apart. `ID_PATTERN` is the form the loader accepts for everything that a building or policy file names;
people and badges come from outside and may look otherwise.
"""

from typing import NewType

SiteId = NewType("SiteId", str)
SpaceId = NewType("SpaceId", str)
DoorId = NewType("DoorId", str)
ReaderId = NewType("ReaderId", str)
PersonId = NewType("PersonId", str)
BadgeId = NewType("BadgeId", str)
OrganisationId = NewType("OrganisationId", str)
TierId = NewType("TierId", str)
CertificationId = NewType("CertificationId", str)
ScheduleId = NewType("ScheduleId", str)
DaysId = NewType("DaysId", str)
ClosureId = NewType("ClosureId", str)
UseId = NewType("UseId", str)
InterlockId = NewType("InterlockId", str)
ReleaseId = NewType("ReleaseId", str)
RuleId = NewType("RuleId", str)
GrantId = NewType("GrantId", str)
SourceId = NewType("SourceId", str)

ID_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"
