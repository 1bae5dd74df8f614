"""Settings: what `workbench.toml` and the environment say, checked once, passed explicitly.

    today = 2026-09-30                 # leave it out: the real date
    language = "fr"
    database = "sqlite:///var/workbench.db"
    notebooks = "notebooks"

    [company]
    name = "Ma société"

    [[sources]]
    kind = "crm"
    path = "exports"
    preset = "generic"

    [[sources]]
    kind = "fec"
    path = "exports/*FEC*.txt"

Paths in the file are relative to the file. An environment variable outranks the file:
`WORKBENCH_DATABASE=postgresql://…`, `WORKBENCH_COMPANY__NAME=…`; `WORKBENCH_CONFIG` names the file
itself.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as EnvironmentVariableError

from workbench import locale
from workbench.errors import SettingsError
from workbench.store.rules import Rules
from workbench.store.sessions import Limits

FILE = "workbench.toml"
SQLITE = "sqlite:///"


class Section(BaseModel):
    """A part of the settings: unknown keys are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(Section):
    """Whose workbench it is."""

    name: str = "Workbench"


class Currency(Section):
    """The one currency in which everything is reported.

    `rates` gives, per other currency, the value of one unit of it from a date on:
    `rates.USD = { "2026-01-01" = 0.92 }`.
    """

    code: str = "EUR"
    rates: dict[str, dict[dt.date, Decimal]] = Field(default_factory=dict)

    def rate(self, code: str, day: dt.date) -> Decimal:
        """What one unit of that currency was worth on that day, in the reporting currency.

        >>> usd = Currency(rates={"USD": {dt.date(2026, 1, 1): Decimal("0.92")}})
        >>> usd.rate("USD", dt.date(2026, 3, 5)), usd.rate("EUR", dt.date(2026, 3, 5))
        (Decimal('0.92'), Decimal('1'))

        Raises:
            SettingsError: no rate is set for that day; one is never assumed.
        """
        if code == self.code:
            return Decimal(1)
        known = [since for since in self.rates.get(code, {}) if since <= day]
        if not known:
            raise SettingsError(
                f"No rate of {code} in {self.code} on {day}. "
                f'Add it to [currency.rates] in {FILE}: {code} = {{ "{day}" = … }}.'
            )
        return self.rates[code][max(known)]


class Oidc(Section):
    """An OpenID Connect provider to sign in through, by the authorization code flow with PKCE.

    Its address there is `https://…/oidc/callback` of this site; `redirect_uri` says it where a
    proxy changes more than the host. The secret comes from `secret_file`, or from the environment:
    `WORKBENCH_AUTH__OIDC__CLIENT_SECRET`.

    Attributes:
        issuer: the provider's address; what it is able to do is read from there.
        client_id: how it knows this workbench.
        client_secret: None for a public client.
        secret_file: a file that holds the secret alone.
        claim: of the ID token, the one that is the user name here.
        label: the provider's name, on the button.
        scope: what is asked for.
        redirect_uri: where the provider sends people back to.
        unverified: whether an address counts that the provider doesn't say it has verified, where
            the claim is "email". Only for one that lets nobody choose their own.
    """

    issuer: str
    client_id: str
    client_secret: SecretStr | None = None
    secret_file: Path | None = None
    claim: str = "preferred_username"
    label: str = "OpenID Connect"
    scope: str = "openid profile email"
    redirect_uri: str | None = None
    unverified: bool = False

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        host = urlsplit(issuer).hostname
        if not issuer.startswith("https://") and host not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("a provider's address begins with https://")
        return issuer.rstrip("/")

    def secret(self) -> str | None:
        """The client's secret.

        Raises:
            SettingsError: its file can't be read.
        """
        if self.client_secret is not None:
            return self.client_secret.get_secret_value()
        if self.secret_file is None:
            return None
        try:
            return self.secret_file.read_text("utf-8").strip()
        except OSError as error:
            raise SettingsError(f"auth.oidc.secret_file: {error}.") from error


class Auth(Section):
    """How people sign in, and how long that lasts.

    Attributes:
        secret_file: the key that signs what browsers keep; made at first use.
        passwords: whether one may sign in by password.
        idle_hours: after so many hours without anything done one signs in again.
        absolute_days: after so many days in any case.
        log_days: so many days the log of sign-ins is kept.
        hosts: the public names of the site, as browsers' addresses have them: "crm.example.fr".
        behind_proxy: whether a proxy stands before it, whose X-Forwarded-For and
            X-Forwarded-Proto are to be believed.
        oidc: the OpenID provider, where there is one.
    """

    secret_file: Path = Path("var/secret")
    passwords: bool = True
    idle_hours: float = Field(default=8, gt=0)
    absolute_days: float = Field(default=7, gt=0)
    log_days: int = Field(default=180, ge=1)
    hosts: tuple[str, ...] = ()
    behind_proxy: bool = False
    oidc: Oidc | None = None

    @property
    def limits(self) -> Limits:
        """How long a session lasts."""
        return Limits(
            idle=dt.timedelta(hours=self.idle_hours),
            absolute=dt.timedelta(days=self.absolute_days),
            log=dt.timedelta(days=self.log_days),
        )

    def relative_to(self, folder: Path, given: set[str]) -> Auth:
        """With the paths taken from that folder, but those that the environment gave."""
        changes: dict[str, Any] = {}
        if "secret_file" not in given:
            changes["secret_file"] = (folder / self.secret_file).resolve()
        if self.oidc is not None and self.oidc.secret_file is not None:
            file = (folder / self.oidc.secret_file).resolve()
            changes["oidc"] = self.oidc.model_copy(update={"secret_file": file})
        return self.model_copy(update=changes)


class Privacy(Section):
    """How long people are kept, and the key by which those who were anonymised stay out.

    Attributes:
        key_file: made at the first anonymisation; to be kept with the store, not in it.
        years: after so many since their last contact, people who aren't clients' are to go.
        grace_days: between the warning and the anonymisation.
        log_days: for so long it is kept who looked at which sheet.
    """

    key_file: Path = Path("var/privacy.key")
    years: int = Field(default=3, ge=1)
    grace_days: int = Field(default=30, ge=0)
    log_days: int = Field(default=365, ge=1)


class SourceSettings(Section):
    """One source: a folder (or one file) of CRM tables read by a preset, or FEC files.

    `path` may hold `*` and `?` for FEC files; `preset` is only a CRM's.
    """

    kind: Literal["crm", "fec"]
    path: Path = Field(validation_alias=AliasChoices("path", "folder"))
    preset: str = "generic"

    @property
    def files(self) -> list[Path]:
        """The files that the path stands for, in the order of their names.

        Raises:
            SettingsError: there is none.
        """
        if self.path.is_file():
            return [self.path]
        if self.path.is_dir():
            found = [path for path in self.path.iterdir() if path.is_file()]
        else:
            found = list(self.path.parent.glob(self.path.name))
        if not found:
            raise SettingsError(
                f"Source {self.kind}: no file at {self.path}. Give the files' own path; "
                f"one in {FILE} starts from its folder."
            )
        return sorted(found)


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="WORKBENCH_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    company: Company = Company()
    currency: Currency = Currency()
    database: str = f"{SQLITE}var/workbench.db"
    today: dt.date | None = None
    language: Literal["fr", "en"] = "fr"
    timezone: str = "Europe/Paris"
    notebooks: Path = Path("notebooks")
    sources: tuple[SourceSettings, ...] = ()
    rules: Rules = Field(default_factory=Rules)
    auth: Auth = Auth()
    privacy: Privacy = Privacy()

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"no time zone is called {name!r}; Europe/Paris is one")
        return name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment outranks the file, which comes in as initial values."""
        return env_settings, init_settings

    @classmethod
    def load(cls, path: Path | str | None = None) -> Settings:
        """Read the file at the path, else the one `WORKBENCH_CONFIG` names, else ./workbench.toml.

        Without any file the defaults hold, relative to the current folder.

        Raises:
            SettingsError: the file is absent or isn't TOML, or a value doesn't fit.
        """
        named = path or os.environ.get("WORKBENCH_CONFIG")
        file = Path(named or FILE)
        if named is None and not file.exists():
            return _checked(cls, {}, "settings")
        try:
            values = tomllib.loads(file.read_text("utf-8"))
        except OSError as error:
            raise SettingsError(f"{file}: {error.strerror}. Give the path of a {FILE}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: not a TOML file: {error}.") from error
        return _checked(cls, values, str(file)).relative_to(file.resolve().parent)

    def relative_to(self, folder: Path) -> Settings:
        """With relative paths taken from that folder, but those that the environment gave."""
        given = EnvSettingsSource(type(self))()
        changes: dict[str, Any] = {}
        if "sources" not in given:
            changes["sources"] = tuple(
                source.model_copy(update={"path": (folder / source.path).resolve()})
                for source in self.sources
            )
        if "notebooks" not in given:
            changes["notebooks"] = (folder / self.notebooks).resolve()
        changes["auth"] = self.auth.relative_to(folder, set(given.get("auth", {})))
        if "key_file" not in given.get("privacy", {}):
            key = (folder / self.privacy.key_file).resolve()
            changes["privacy"] = self.privacy.model_copy(update={"key_file": key})
        if self.database.startswith(SQLITE) and "database" not in given:
            file = folder / self.database.removeprefix(SQLITE)
            changes["database"] = SQLITE + str(file.resolve())
        return self.model_copy(update=changes)

    def locale(self, language: str | None = None) -> locale.Locale:
        """How the screen speaks, in that language or the one set."""
        return locale.of(
            language or self.language, currency=self.currency.code, timezone=self.timezone
        )


def _checked(cls: type[Settings], values: dict[str, Any], where: str) -> Settings:
    try:
        return cls(**values)
    except EnvironmentVariableError as error:
        raise SettingsError(f"The environment, WORKBENCH_*: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = f"{where}: {key}: {first['msg'][0].lower()}{first['msg'][1:]}"
        if first["type"] == "extra_forbidden":
            message = f"{where}: no setting is called {key!r}. There are: {_known(first['loc'])}"
        elif first["type"] != "missing":
            message += f"; it is {first['input']!r}"
        raise SettingsError(f"{message}.") from error


def _known(location: tuple[int | str, ...]) -> str:
    """The keys that the section at that place has."""
    section: Any = Settings
    for part in location[:-1]:
        if section is Settings and part == "sources":
            section = SourceSettings
        elif not isinstance(part, int):
            of = section.model_fields[part].annotation
            section = next((one for one in get_args(of) if one is not type(None)), of)
    return ", ".join(section.model_fields)
