"""What a campaign file says about people and loads, in lines for people."""

from collections.abc import Iterator

from models.domain.campaign import CampaignSpec
from models.domain.people import NotifySpec


def people_lines(spec: CampaignSpec) -> Iterator[str]:
    """How people may interfere and how they are called: one line each."""
    if spec.people.veto_s > 0:
        yield f"each measurement waits {spec.people.veto_s:g} s for a veto"
    if spec.notify is None:
        return
    ways = ", ".join(_ways(spec.notify)) or "nobody"
    yield f"called for {', '.join(spec.notify.on)} by {ways}"


def load_line(spec: CampaignSpec) -> str | None:
    """What each load is held against; None where nobody judges loads."""
    if spec.load is None:
        return None
    blank, one = spec.measurement.blank, spec.load
    every = "" if blank is None else f"; a blank {_cadence(blank.every)}"
    return (
        f"air {one.bubble_rise_share:.0%}, empty cell {one.empty_drift_share:.0%}; at most "
        f"{one.n_rinsed} rinses, made again {_times(one.n_dispensed)}{every}"
    )


def _ways(notify: NotifySpec) -> Iterator[str]:
    """How people are called; an address that is a secret is not told."""
    if notify.command:
        yield notify.command[0]
    if notify.email is not None:
        yield f"mail to {', '.join(notify.email.to)}"
    if notify.webhook is not None or notify.webhook_env is not None:
        yield "a webhook"


def _times(n: int) -> str:
    return ("never", "once", "twice")[n] if n < 3 else f"{n} times"


def _cadence(every: int | str) -> str:
    if every == "drift":
        return "when the empty cell drifts"
    return "after each sample" if every in ("each", 1) else f"every {every} samples"
