"""The form of one user: what they are, their password, their lock and their sessions."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import states
from workbench.errors import NotAllowed, WorkbenchError
from workbench.locale import DASH
from workbench.store import sessions, signins, users
from workbench.vocabulary import Right, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.session import Session

LANGUAGES = {"Français": "fr", "English": "en"}
FIELD: dict[str, Any] = {
    "size": "small",
    "variant": "outlined",
    "sizing_mode": "stretch_width",
    "margin": (6, 0),
}


class UserForm:
    """A dialog: `open` fills it with a user, or with nobody for a new one."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.known: str | None = None
        loc = session.loc
        self.username = pmui.TextInput(label=loc.t("Identifiant"), **FIELD)
        self.name = pmui.TextInput(label=loc.t("Nom"), **FIELD)
        self.role = pmui.Select(
            label=loc.t("Rôle"), options={loc.label(role): str(role) for role in Role}, **FIELD
        )
        self.rep = pmui.Select(label=loc.t("Commercial qu’il ou elle est"), options={}, **FIELD)
        self.language = pmui.Select(label=loc.t("Langue"), options=LANGUAGES, **FIELD)
        self.rights = {
            right: pmui.Switch(label=loc.label(right), size="small", margin=(4, 0))
            for right in Right
        }
        self.password = pmui.PasswordInput(label=loc.t("Mot de passe"), **FIELD)
        self.save = self._button(loc.t("Enregistrer"), self._save, "save", "contained")
        self.renew = self._button(loc.t("Changer le mot de passe"), self._renew, "key")
        self.active = self._button(loc.t("Désactiver"), self._switch, "block")
        self.unlock = self._button(loc.t("Lever le verrou"), self._unlock, "lock_open")
        self.unlink = self._button(loc.t("Lever le lien OpenID"), self._unlink, "link_off")
        self.end = self._button(loc.t("Terminer les sessions"), self._end, "logout")
        self.said = states.html("")
        self.dialog = pmui.Dialog(
            pn.Column(
                self.username,
                self.name,
                self.role,
                self.rep,
                self.language,
                states.html(
                    f"<small>{escape(loc.t('Voit aussi, parmi ce qui lui est ouvert :'))}</small>"
                ),
                *self.rights.values(),
                self.password,
                self.said,
                pn.FlexBox(
                    self.save,
                    self.renew,
                    self.active,
                    self.unlock,
                    self.unlink,
                    self.end,
                    gap="8px",
                    margin=0,
                ),
                sizing_mode="stretch_width",
                margin=0,
            ),
            title=" ",
            title_variant="h6",
            show_close_button=True,
            close_on_click=True,
            width_option="sm",
            sizing_mode="stretch_width",
        )

    def _button(
        self, label: str, act: Callable[[], Any], icon: str, variant: str = "outlined"
    ) -> pmui.Button:
        async def clicked(_: object) -> None:
            await self._do(act)

        return pmui.Button(
            label=label, icon=icon, on_click=clicked, size="small", variant=variant, margin=0
        )

    # Filling

    def open(self, username: str | None) -> None:
        """Show a user, or an empty form."""
        self._fill(username)
        self._say("")
        self.dialog.param.update(full_screen=self.session.browser.narrow, open=True)

    def _fill(self, username: str | None) -> None:
        loc, engine = self.session.loc, self.session.whole().engine
        self.known = username
        frame = users.listed(engine).set_index("username")
        reps = self.session.whole().table("reps").sort_values("name")
        options = {DASH: None} | {
            str(name): int(id_) for id_, name in zip(reps["id"], reps["name"], strict=True)
        }
        there = username is not None
        one: Any = frame.loc[username] if there else None
        rep = None if one is None or one["rep_id"] != one["rep_id"] else int(one["rep_id"])
        with pn.io.hold():
            self.dialog.title = str(one["name"]) if there else loc.t("Nouvel utilisateur")
            self.username.param.update(value=username or "", disabled=there)
            self.name.value = str(one["name"]) if there else ""
            self.role.value = str(one["role"]) if there else str(Role.REP)
            self.rep.param.update(options=options, value=rep)
            self.language.value = str(one["language"]) if there else loc.language
            for right, switch in self.rights.items():
                switch.value = there and right in one["rights"]
            self.password.param.update(
                value="", label=loc.t("Nouveau mot de passe") if there else loc.t("Mot de passe")
            )
            self.renew.visible = self.active.visible = there
            self.active.label = (
                loc.t("Désactiver") if not there or one["active"] else loc.t("Réactiver")
            )
            self.unlock.visible = there and username in signins.locked_names(engine)
            self.unlink.visible = there and bool(one["provider"])
            self.end.visible = there and self._open_sessions(username) > 0

    def _open_sessions(self, username: str | None) -> int:
        engine, limits = self.session.whole().engine, self.session.settings.auth.limits
        found = sessions.open_now(engine, limits)
        return int(found.loc[found["username"] == username, "sessions"].sum())

    # Acting: each returns what to say

    async def _do(self, act: Callable[[], str]) -> None:
        session, loc = self.session, self.session.loc
        try:
            said = await session.work(act)
        except NotAllowed as refused:
            self._say(loc.say(refused.args[0]), "refused")
            return
        except WorkbenchError as problem:
            self.said.object = states.error(loc, problem)
            return
        self._fill(self.known)
        self._say(said, "saved")
        await session.redraw()

    def _say(self, text: str, css: str = "") -> None:
        self.said.object = (
            f'<div class="edit {css}" role="status">{escape(text)}</div>' if text else ""
        )

    @property
    def _engine(self) -> Any:
        return self.session.whole().engine

    @property
    def _by(self) -> str:
        return self.session.viewer.username

    def _save(self) -> str:
        loc = self.session.loc
        given = {
            "name": self.name.value.strip() or self.username.value.strip(),
            "role": self.role.value,
            "rep_id": self.rep.value,
            "language": self.language.value,
        }
        if self.known is not None:
            changed = users.change(self._engine, self.known, by=self._by, **given)
            changed += self._grant(self.known)
            return loc.t("Enregistré.") if changed else loc.t("Rien n’a changé.")
        username = self.username.value.strip()
        alone = self.session.settings.auth.oidc is not None and not self.password.value
        users.add_user(
            self._engine,
            username,
            None if alone else self.password.value,
            **given,
            by=self._by,
        )
        self.known = username
        self._grant(username)
        return loc.t("Utilisateur ajouté.")

    def _grant(self, username: str) -> list[str]:
        """Name them for what is switched on, and no longer for the rest; which of it changed."""
        held = users.listed(self._engine).set_index("username")["rights"][username]
        moved = [right for right, one in self.rights.items() if one.value is not (right in held)]
        for right in moved:
            users.grant(self._engine, username, right, withdraw=right in held, by=self._by)
        return [str(right) for right in moved]

    def _renew(self) -> str:
        users.set_password(self._engine, str(self.known), self.password.value, by=self._by)
        return self.session.loc.t("Mot de passe changé ; ses sessions sont terminées.")

    def _switch(self) -> str:
        active = not users.listed(self._engine).set_index("username")["active"][str(self.known)]
        users.change(self._engine, str(self.known), by=self._by, active=bool(active))
        loc = self.session.loc
        return loc.t("Réactivé.") if active else loc.t("Désactivé ; ses sessions sont terminées.")

    def _unlock(self) -> str:
        signins.unlock(self._engine, str(self.known), by=self._by)
        return self.session.loc.t("Verrou levé.")

    def _unlink(self) -> str:
        users.forget_identity(self._engine, str(self.known), by=self._by)
        return self.session.loc.t("Lien levé : qui vient ensuite sous ce nom est cette personne.")

    def _end(self) -> str:
        ended = users.end_sessions(self._engine, str(self.known), by=self._by)
        return self.session.loc.plural(ended, "{n} session terminée.", "{n} sessions terminées.")
