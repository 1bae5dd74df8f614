"""What is shown as of a past date is read, not corrected.

Its values are those of then, its versions those of now: an edit would overwrite what its editor
hasn't seen.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from dashboards.session import Session


def closed(session: Session) -> bool:
    """Whether the page shows another day than today."""
    data = session.present().data
    return data.as_of != data.today or data.known_at is not None


def told(session: Session) -> str:
    """Why nothing can be corrected, and the way back; nothing where it can."""
    if not closed(session):
        return ""
    loc = session.loc
    said = loc.t(
        "Fiches au {day} : elles se lisent, et ne se corrigent qu’à la date d’aujourd’hui.",
        day=loc.date(session.present().data.as_of),
    )
    query = {name: value for name, value in session.filters.query().items() if name != "as_of"}
    address = f"/{session.page}?{urlencode({**query, **session.own})}"
    back = loc.t("Revenir à aujourd’hui pour corriger")
    return (
        f'<div class="edit past" role="status">{escape(said)} '
        f'<a href="{escape(address)}">{escape(back)}</a></div>'
    )
