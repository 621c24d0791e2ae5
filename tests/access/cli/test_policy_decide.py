"""`totem policy decide`: each tap decided in its order, and every wrong line of a file refused."""

import pytest

from tests.access.cli.deciding import ADA, BOB, EVE, KM0, TUESDAY_10, tap


def test_a_decision_a_tap_comes_out_in_the_same_order(decide):
    first, second, third = decide([ADA], [tap("main-b23-in"), tap("armadeus-in"), tap("cnam-1-in", "0000")])
    assert first == {
        "effect": "grant",
        "reason": "granted",
        "rules": ["residents-common-ways", "restaurant", "cnam"],
        "person": "ada",
        "door": "main-b23",
        "space": "b23-0-hall",
        "message": {"fr": "Passez.", "en": "Go ahead."},
        "next": None,
        "flags": [],
    }
    assert (second["effect"], second["reason"]) == ("deny", "denied-zone-no-access-rights")
    assert (third["reason"], third["person"], third["door"]) == ("denied-unknown-credential", None, "cnam-1")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-09-15T23:30:00+02:00", "2026-09-16T06:00:00+02:00"),
        ("2026-09-19T20:00:00+02:00", "2026-09-21T06:00:00+02:00"),  # Saturday night: the next is Monday
        (
            "2026-12-24T23:30:00+01:00",
            "2026-12-28T06:00:00+01:00",
        ),  # Christmas, 26 December and a Sunday follow
    ],
)
def test_next_is_when_the_same_tap_opens_again(decide, at, expected):
    (decision,) = decide([ADA], [tap("main-b23-in", at=at)])
    assert decision["reason"] == "denied-out-of-time-range"
    assert decision["next"] == expected


def test_next_is_the_very_moment_that_a_badge_a_person_or_a_grant_begins(decide):
    later = {**ADA, "badges": [{"id": "04a1", "valid_from": "2026-09-15T11:07:30+02:00"}]}
    newcomer = {**BOB, "badges": [{"id": "04b1"}], "valid_from": "2026-09-16T10:10:00+02:00"}
    times = {"from": "2026-09-15T12:05:00+02:00", "until": "2026-09-15T13:00:00+02:00"}
    guest = {
        "id": "gil",
        "type": "visitor",
        "badges": [{"id": "0401"}],
        "grants": [{"doors": ["agora"], **times}],
    }
    taps = [tap("main-b23-in"), tap("agora-in", "04b1"), tap("agora-in", "0401"), tap("link-in", "0401")]
    assert [line["next"] for line in decide([later, newcomer, guest], taps)] == [
        "2026-09-15T11:07:30+02:00",
        "2026-09-16T10:10:00+02:00",
        "2026-09-15T12:05:00+02:00",
        None,
    ]


def test_next_is_null_where_more_than_time_refuses(decide):
    suspended = {**ADA, "suspended": True}
    expired = {**BOB, "badges": [{"id": "04b1", "valid_until": "2026-09-01T00:00:00Z"}]}
    taps = [tap("main-b23-in"), tap("agora-in", "04b1"), tap("agora-in", "0000")]
    assert [line["next"] for line in decide([suspended, expired], taps)] == [None, None, None]


def test_presence_is_folded_from_the_grants_of_the_taps_before(decide):
    people = [
        {"id": f"p{n}", "type": "startup", "tiers": ["module-tenant"], "badges": [{"id": f"b{n}"}]}
        for n in range(31)
    ]
    taps = [tap("seminar-a-in", f"b{n}") for n in range(31)]
    *entered, refused = decide(people, taps)
    assert {line["reason"] for line in entered} == {"granted"}
    assert refused["reason"] == "denied-upper-occupancy-limit"
    assert refused["next"] is None
    *_, gone, now_free = decide(people, [*taps, tap("agora-out", "b0"), tap("seminar-a-in", "b30")])
    assert gone["effect"] == "grant"
    assert now_free["reason"] == "granted"


def test_a_second_entry_is_flagged_by_the_folded_presence(decide):
    first, second = decide([ADA], [tap("main-b23-in"), tap("courtyard-in")])
    assert (first["flags"], second["flags"]) == ([], ["passback"])


def test_a_random_serial_number_identifies_nobody_even_where_it_is_written_down(decide):
    people = [ADA | {"badges": [{"id": "08a1b2c3"}, {"id": "08a1b2c3d4e5f6"}, {"id": "04a1"}]}]
    random, longer, own = decide(
        people, [tap("main-b23-in", read) for read in ("08a1b2c3", "08a1b2c3d4e5f6", "04a1")]
    )
    assert (random["effect"], random["reason"]) == ("deny", "denied-authentication-factor-error")
    assert (random["person"], random["door"]) == (None, "main-b23")
    assert (longer["reason"], own["reason"]) == ("granted", "granted")


@pytest.fixture
def timed(tmp_path):
    """KM0 with timed anti-passback, of a quarter of an hour, at its main door."""
    for name in ("building", "policy", "calendar"):
        text = (KM0 / f"{name}.toml").read_text()
        (tmp_path / f"{name}.toml").write_text(
            text.replace('id = "main-b23"\n', 'id = "main-b23"\npassback = "timed"\n', 1)
        )
    return tmp_path


def test_timed_passback_refuses_who_came_in_just_before_and_no_longer_than_it_lasts(decide, timed):
    times = [f"2026-09-15T10:{minute}:00+02:00" for minute in ("00", "05", "15")]
    came, again, later = decide([ADA], [tap("main-b23-in", at=at) for at in times], timed)
    assert (came["reason"], again["reason"]) == ("granted", "denied-passback")
    assert (later["reason"], later["flags"]) == ("granted", ["passback"])
    inside = {"inside": {"ada": "b23-0-hall"}, "since": {"ada": times[0]}}
    (told,) = decide([ADA], [tap("main-b23-in", at=times[1], state=inside)], timed)
    assert told["reason"] == "denied-passback"


def test_a_state_that_comes_with_the_tap_counts_for_that_tap(decide):
    full, locked, free, escorted, plain = decide(
        [ADA, BOB | {"badges": [{"id": "04b1"}], "host": "ada"}],
        [
            tap("seminar-a-in", state={"counts": {"seminar-a": 30}}),
            tap("main-b23-in", state={"modes": {"main-b23": "lockdown"}}),
            tap("armadeus-in", state={"modes": {"armadeus": "free"}}),
            tap("armadeus-in", "04b1", state={"with": ["ada"]}),
            tap("main-b23-in"),
        ],
    )
    assert full["reason"] == "denied-upper-occupancy-limit"
    assert locked["reason"] == "denied-threat-level"
    assert free["reason"] == "granted"
    assert escorted["rules"] == ["visitors-with-their-host"]
    assert plain["reason"] == "granted"


def test_a_way_out_is_granted_at_any_hour_and_says_what_it_hides(decide):
    (decision,) = decide([ADA | {"suspended": True}], [tap("main-b23-out", at="2026-09-15T03:00:00+02:00")])
    assert (decision["effect"], decision["space"], decision["flags"]) == (
        "grant",
        "outside",
        ["refused-inwards"],
    )


def test_absent_keys_take_defaults_and_an_absent_assurance_is_what_the_medium_gives(decide):
    taps = [{"at": TUESDAY_10, "reader": "agora-in", "badge": badge} for badge in ("04b1", "04e1")]
    assert [line["reason"] for line in decide([BOB, EVE], taps)] == ["granted", "granted"]
    (weak,) = decide([BOB], [tap("agora-in", "04b1")])
    assert weak["reason"] == "denied-proof-too-weak"


def test_rights_from_the_first_day_there_is_to_the_last_are_rights(decide):
    always = {"valid_from": "0001-01-01T00:00:00+14:00", "valid_until": "9999-12-31T23:59:59-12:00"}
    ada = ADA | always | {"badges": [{"id": "04a1", "kind": "uid", **always}]}
    late = {**BOB, "valid_from": "9999-12-31T23:59:59-12:00"}
    one, other = decide([ada, late], [tap("cnam-1-in"), tap("agora-in", "04b1", assurance="authenticated")])
    assert one["effect"] == "grant"
    assert (other["reason"], other["next"]) == ("denied-person-expired", None)
