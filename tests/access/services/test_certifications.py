"""Trainings at the desk: given, renewed, revoked, and warned of before they end."""

from datetime import timedelta

import msgspec
import pytest

from access.errors import Invalid, NotFound
from access.services.certifications import CertificationRecord, Level, Warned, warning
from policies.ids import CertificationId
from tests.access.services.desk import ADA, DAY, HOUR, LASER, known
from tests.small_site import NOON


def test_a_training_is_given_renewed_and_revoked_with_a_reason(site):
    given = CertificationRecord(LASER, NOON + 100 * DAY, person=ADA.id, level=Level.TRAINEE)
    site.certifications.give(given, "tutor", NOON)
    assert known(site).people[ADA.id].certifications[0].until == NOON + 100 * DAY
    renewed = msgspec.structs.replace(given, until=NOON + 400 * DAY, level=Level.AUTONOMOUS)
    site.certifications.give(renewed, "tutor", NOON + DAY)
    found = site.certifications.get(ADA.id, LASER)
    assert (found.until, found.level, found.granted_by) == (NOON + 400 * DAY, Level.AUTONOMOUS, "tutor")
    with pytest.raises(Invalid, match="reason"):
        site.certifications.revoke(ADA.id, LASER, "  ", "tutor", NOON)
    site.certifications.revoke(ADA.id, LASER, "left the guard open", "tutor", NOON)
    assert known(site).people[ADA.id].certifications == ()
    with pytest.raises(NotFound):
        site.certifications.revoke(ADA.id, LASER, "again", "tutor", NOON)


def test_a_change_of_the_person_keeps_the_level_of_their_training(site):
    site.certifications.give(
        CertificationRecord(LASER, NOON + DAY, person=ADA.id, level=Level.TRAINER), "tutor", NOON
    )
    site.people.change(ADA.id, lambda ada: msgspec.structs.replace(ada, name="Ada L."), "test", NOON)
    assert site.certifications.get(ADA.id, LASER).level is Level.TRAINER


@pytest.mark.parametrize(
    ("training", "why"),
    [
        (CertificationRecord(CertificationId("juggling"), person=ADA.id), "no rule asks for it"),
        (CertificationRecord(LASER, NOON, person=ADA.id), "over already"),
    ],
)
def test_a_training_that_means_nothing_is_refused(site, training, why):
    with pytest.raises(Invalid, match=why):
        site.certifications.give(training, "tutor", NOON)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (31 * DAY, None),
        (30 * DAY, Warned.SOON),
        (7 * DAY + HOUR, Warned.SOON),
        (7 * DAY, Warned.IMMINENT),
        (timedelta(0), Warned.EXPIRED),
    ],
)
def test_the_end_of_a_training_is_warned_of_at_thirty_and_at_seven_days(left, said):
    assert warning(NOON + left, NOON) is said
    assert warning(None, NOON) is None
