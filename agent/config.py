"""Read a campaign file."""

from pathlib import Path

from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.inputs import read_toml, validated

DATASET_KIND = "dataset"


def read_campaign(path: Path, dataset: Path | None = None) -> CampaignSpec:
    """A campaign file as a frozen model.

    Parameters
    ----------
    path
        The TOML file.
    dataset
        Folder of measured curves from the command line; it fills in the instrument's ``folder``.

    Raises
    ------
    BadInput
        When the file cannot be read or says something impossible.
    """
    tables = read_toml(path)
    try:
        spec = validated(CampaignSpec, tables, str(path))
    except BadInput as error:
        from agent.missing_value import with_unit  # loads the extractors: only when it may be of use

        raise with_unit(error, tables) from None
    if dataset is None:
        return spec
    if spec.instrument.kind != DATASET_KIND:
        raise BadInput(
            f"--dataset {dataset}",
            f"{path} has an instrument of kind {spec.instrument.kind!r}, which serves no dataset",
            'Leave --dataset out, or set kind = "dataset" under [instrument]',
        )
    if not dataset.is_dir():
        raise BadInput(f"--dataset {dataset}", "there is no such folder", "Name the folder of the curves")
    chosen = spec.instrument.model_copy(update={"folder": str(dataset.resolve())})
    return spec.model_copy(update={"instrument": chosen})
