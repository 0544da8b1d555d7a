"""What a campaign file says about people: how long a decision waits for them, and how they are called."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from models.domain.frozen import Frozen

NoticeKind = Literal["alarm", "stop", "finish", "pause", "low_stock", "hang"]
"""What people are called for. ``stop`` and ``finish``: the run ended before, or after, all was done."""
EVERYTHING: tuple[NoticeKind, ...] = ("alarm", "stop", "finish", "pause", "low_stock", "hang")
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""Name of an environment variable: what is secret stands in none of our files."""


class PeopleSpec(Frozen):
    """The table ``[people]``."""

    veto_s: float = Field(default=0.0, ge=0, le=86_400)
    """How long each measurement waits for a veto, after it was written down and before anything moves, s."""


class EmailSpec(Frozen):
    """The table ``[notify.email]``."""

    model_config = ConfigDict(populate_by_name=True)  # ``from`` is a word of Python's

    server: str = Field(min_length=1)
    """Host of the mail server."""
    port: int = Field(default=587, ge=1, le=65_535)
    """Its port."""
    sender: str = Field(alias="from", pattern=r"^[^@\s]+@[^@\s]+$")
    """Who sends it."""
    to: tuple[str, ...] = Field(min_length=1)
    """Who gets it."""
    tls: Literal["starttls", "always", "never"] = "starttls"
    """``starttls`` begins in plain text and goes on encrypted, ``always`` is encrypted from the start."""
    user: str | None = Field(default=None, min_length=1)
    """Name under which to log in; nobody logs in where it is left out."""
    password_env: str | None = Field(default=None, pattern=VARIABLE)
    """Environment variable that holds the password."""

    @model_validator(mode="after")
    def _a_password_is_not_shown(self) -> Self:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env go together; give both or neither")
        if self.user is not None and self.tls == "never":
            raise ValueError('tls = "never" would send the password in plain text; choose another')
        return self


class NotifySpec(Frozen):
    """The table ``[notify]``: nobody is called where it names no way."""

    on: tuple[NoticeKind, ...] = EVERYTHING
    """What people are called for."""
    command: tuple[str, ...] = ()
    """Program and arguments that receive each notice as one line of JSON on standard input."""
    email: EmailSpec | None = None
    """Mail to send."""
    webhook: str | None = None
    """Address that gets each notice as JSON by POST."""
    webhook_env: str | None = Field(default=None, pattern=VARIABLE)
    """Environment variable that holds that address, where whoever knows it may write there."""
    hang_s: float | None = Field(default=None, gt=0)
    """From when on a command counts as hanging, s; three times what such commands took, and a minute at
    least, where it is left out."""
    low_stock: float = Field(default=0.1, gt=0, lt=1)
    """From which share on of what there was a component counts as low; with `budget.stock`, or on a deck."""

    @field_validator("webhook")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        if address is None:
            return None
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"is {address!r}, which is no http or https address; correct it")
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                "holds a name or a password; put the address into an environment variable, and its name "
                "into webhook_env"
            )
        return address

    @model_validator(mode="after")
    def _one_webhook(self) -> Self:
        if self.webhook is not None and self.webhook_env is not None:
            raise ValueError("webhook and webhook_env are both given; remove one")
        return self

    @property
    def has_way(self) -> bool:
        """True when somebody is called."""
        return bool(self.command or self.email or self.webhook or self.webhook_env)
