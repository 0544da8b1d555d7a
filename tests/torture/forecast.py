"""What an agent that was never killed would have decided, from the same history before every decision."""

import json
from pathlib import Path

from models.domain.history import History

FORECAST = "forecast.json"


def forecast(file: Path, url: str) -> None:
    """Propose every decision on record again, and write down which are others."""
    from agent.assemble import read_record
    from agent.config import read_campaign
    from agent.plan import prepare

    spec = read_campaign(file)
    strategy = prepare(spec, file.parent, url).strategy
    history = read_record(spec, url)
    objections: list[str] = []
    for decision in history.decisions:
        if decision.kind == "stop":
            continue
        proposed = strategy.propose(before(history, decision.seq))
        for what in ("kind", "point", "reason", "candidates", "model", "seed", "watermark"):
            if getattr(proposed, what) != getattr(decision, what):
                objections.append(
                    f"decision {decision.seq}: {what} would have been {getattr(proposed, what)}"
                )
    Path(FORECAST).write_text(json.dumps(objections))


def before(history: History, seq: int) -> History:
    """What was known before a decision."""
    return History(
        decisions=history.decisions[: seq - 1],
        exposures=tuple(e for e in history.exposures if e.seq < seq),
        observations=tuple(o for o in history.observations if o.seq < seq),
        failures=tuple(f for f in history.failures if f.seq < seq),
        quarantines=tuple(q for q in history.quarantines if q.seq < seq),
    )


def read_forecast(folder: Path) -> list[str]:
    return json.loads((folder / FORECAST).read_text())
