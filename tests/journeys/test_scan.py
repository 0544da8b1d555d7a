"""The example maps a slice end to end: places are chosen, reached, exposed, read and drawn."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from agent.campaign import Campaign
from agent.config import read_campaign
from agent.pictures.page import draw_page
from models.domain.history import History
from sims.specimen_truth import ScanTruth
from sims.specimen_world import ScanWorld, ScanWorldSpec

EXAMPLE = Path(__file__).parents[2] / "examples" / "scan.toml"
N_PLACES = 14


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> tuple[Campaign, History]:
    folder = tmp_path_factory.mktemp("scan")
    spec = read_campaign(EXAMPLE, None)
    spec = spec.model_copy(
        update={
            "budget": spec.budget.model_copy(update={"measurements": N_PLACES}),
            "folder": str(folder / "data"),
        }
    )
    campaign = Campaign(spec, home=EXAMPLE.parent, db=f"sqlite:///{folder / 'scan.db'}")
    assert campaign.run().is_finished
    return campaign, campaign.history()


def test_every_place_lies_inside_the_outline_and_was_read(scan: tuple[Campaign, History]) -> None:
    campaign, history = scan
    plan = campaign.check()
    accepted = list(history.accepted())
    assert len(accepted) == N_PLACES
    for decision, observation in accepted:
        assert decision.point is not None
        assert plan.space.objections(decision.point) == []
        assert observation.feature("partial_invariant") is not None


def test_what_was_read_is_the_truth_within_its_sigmas(scan: tuple[Campaign, History]) -> None:
    campaign, history = scan
    spec = campaign.spec
    world = ScanWorld(ScanWorldSpec(), spec.seed)
    truth = ScanTruth(world, spec.analysis.q_min_inv_nm, spec.analysis.q_max_inv_nm)
    names = ("partial_invariant", "orientation_order", "orientation_cos2", "orientation_sin2")
    pulls: dict[str, list[float]] = {name: [] for name in names}
    for decision, observation in history.accepted():
        assert decision.point is not None
        for name in names:
            feature = observation.feature(name)
            assert feature is not None
            pulls[name].append((feature.value - truth.feature(name, decision.point.numbers)) / feature.sigma)
    for name, pull in pulls.items():
        assert np.mean(np.abs(pull) < 3) >= 0.85, (name, pull)


def test_the_record_says_when_every_move_began_and_ended(scan: tuple[Campaign, History]) -> None:
    import sqlite3

    campaign, _ = scan
    database = sqlite3.connect(campaign.db.removeprefix("sqlite:///"))
    rows = database.execute(
        "select a.kind, e.status, e.monotonic_ns from action_event e join action a using (action_id)"
        " order by e.id"
    ).fetchall()
    database.close()
    begun = [ns for kind, status, ns in rows if kind == "load" and status == "started"]
    done = [ns for kind, status, ns in rows if kind == "load" and status == "succeeded"]
    assert len(begun) == len(done) >= N_PLACES
    assert all(0 < end - begin < 60e9 for begin, end in zip(begun, done, strict=True))


def test_the_scan_is_drawn(scan: tuple[Campaign, History], tmp_path: Path) -> None:
    campaign, history = scan
    plan = campaign.check()
    path = draw_page(plan.spec, plan.space, history, tmp_path / "scan.png", plan.beamline.motions)
    assert path is not None
    assert imread(path)[..., :3].std() > 0.05
