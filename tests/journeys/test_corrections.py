"""A campaign that names a file of corrections: what it does to the curves, and what is refused beforehand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agent import Campaign
from agent.config import read_campaign
from agent.plan import prepare
from db.engine import open_to_read
from db.queries import read_campaigns
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.scattering import Curve
from models.saxs.curve_files import read_curve
from tests.journeys.conftest import CAMPAIGN

CORRECTIONS = """
dark_rate_hz = 0.02
flat = "flat.npy"
scale = 152109.2
scale_sigma = 3042.184
unit = "1/m"
"""
SHAPE = (1043, 981)
CALIBRATED = 'scale = 76054.6\nintensity_unit = "1/cm"\n'


def write_campaign(folder: Path, analysis: str, flat_shape: tuple[int, int] = SHAPE) -> None:
    text = CAMPAIGN.replace("measurements = 10", "measurements = 3").replace("initial = 5", "initial = 3")
    text = text.replace(CALIBRATED, "").replace("[analysis]\n", f"[analysis]\n{analysis}")
    (folder / "night.toml").write_text(text)
    (folder / "detector.toml").write_text(CORRECTIONS)
    np.save(folder / "flat.npy", np.full(flat_shape, 2.0))


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Curve, CampaignSpec]]:
    """Runs a campaign; gives the first sample's curve, and the campaign as it stands in the record."""

    def run(analysis: str) -> tuple[Curve, CampaignSpec]:
        folder = tmp_path / f"of {len(analysis)}"
        folder.mkdir()
        write_campaign(folder, analysis)
        monkeypatch.chdir(folder)
        campaign = Campaign.from_toml(folder / "night.toml", db=f"sqlite:///{folder / 'night.db'}")
        assert campaign.run().is_finished
        observation = next(observation for _, observation in campaign.history().accepted())
        assert observation.curve is not None
        with open_to_read(f"sqlite:///{folder / 'night.db'}").connect() as connection:
            recorded = read_campaigns(connection)[0].spec
        return read_curve(Path(observation.curve.path), q_unit="1/nm"), recorded

    return run


def test_a_file_of_corrections_acts_on_every_curve_of_a_campaign_and_stands_in_its_record(measure):
    plain, _ = measure(CALIBRATED)
    corrected, recorded = measure('corrections = "detector.toml"\n')
    assert recorded.analysis.corrections == "detector.toml"
    assert (plain.unit, corrected.unit) == ("1/cm", "1/m")
    # twice the scale over twice the response; dark counts are the blank's as well, and go with it
    np.testing.assert_allclose(corrected.intensity, plain.intensity, rtol=2e-3, atol=0.02 * plain.sigma.max())
    shared = corrected.common_relative_sigma**2 - plain.common_relative_sigma**2
    assert shared == pytest.approx(0.02**2, rel=1e-3)


@pytest.mark.parametrize(
    ("analysis", "flat_shape", "words"),
    [
        ('corrections = "none.toml"\n', SHAPE, ("analysis.corrections: ", "none.toml")),
        ('corrections = "detector.toml"\n', (10, 12), ("analysis.corrections: flat.npy", "10 x 12 pixels")),
        (f'corrections = "detector.toml"\n{CALIBRATED}', SHAPE, ("152109 to 1/m", "76054.6 to 1/cm")),
    ],
    ids=["missing", "of another detector", "a second scale"],
)
def test_corrections_that_make_no_sense_are_refused_before_anything_is_written(
    tmp_path: Path, analysis: str, flat_shape: tuple[int, int], words: tuple[str, ...]
):
    write_campaign(tmp_path, analysis, flat_shape)
    before = set(tmp_path.iterdir())
    with pytest.raises(BadInput) as refused:
        prepare(read_campaign(tmp_path / "night.toml"), tmp_path, f"sqlite:///{tmp_path / 'night.db'}")
    assert all(word in str(refused.value) for word in words), refused.value
    assert set(tmp_path.iterdir()) == before
