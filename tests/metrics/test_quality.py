from __future__ import annotations

from tests.metrics.frames import records, written
from workbench.metrics.quality import qualification_by_owner, qualification_gaps

ACCOUNTS = written(
    "accounts",
    """id name status   owner segment need   budget timeline supplier next_step qualified_on
       1  A    prospect Zoé   BTP     latent 100.0  soon     Rival    appel     2026-09-01
       2  B    prospect Zoé   BTP     -      0.0    soon     Rival    -         2026-09-01
       3  C    prospect Ali   BTP     latent 100.0  soon     Rival    appel     2026-04-02
       4  D    prospect Ali   BTP     latent 100.0  soon     Rival    appel     2026-04-03
       5  E    suspect  Ali   -       -      -      -        -        -         -""",
).assign(decider_known=[True, False, True, True, None])


def test_missing_and_stale() -> None:
    """A budget of 0 and a decider known not to be known are answers."""
    result = qualification_gaps(ACCOUNTS, as_of="2026-09-30")
    assert records(result, "id", "missing", "gaps", "age_days", "stale") == [
        (2, "need, next_step", 2, 29, False),
        (3, "", 0, 181, True),
    ]


def test_suspects_when_asked_for() -> None:
    result = qualification_gaps(ACCOUNTS, as_of="2026-09-30", status="suspect")
    assert records(result, "id", "gaps", "age_days", "stale") == [(5, 7, None, True)]


def test_by_owner() -> None:
    result = qualification_by_owner(ACCOUNTS, as_of="2026-09-30")
    assert records(
        result, "group", "accounts", "complete", "with_gaps", "stale", "complete_share"
    ) == [
        ("Ali", 2, 1, 0, 1, 0.5),
        ("Zoé", 2, 1, 1, 0, 0.5),
    ]
