"""Which rows belong to an organisation: those whose person does."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from access.store.models import PersonRow
from policies.ids import OrganisationId


def of_organisation(
    person: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], organisation: OrganisationId
) -> ColumnElement[bool]:
    """Return the condition that a column names somebody of an organisation."""
    return person.in_(select(PersonRow.id).where(PersonRow.organisation == organisation))
