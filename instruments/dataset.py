"""The dataset beamline: a detector that serves what was measured of the sample it is shown."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bluesky.protocols import Status

from instruments.beamline import Beamline, Tags
from instruments.dataset_table import Dataset, read_dataset
from instruments.evidence import FRAMES
from instruments.kinds import BuildContext
from instruments.soft import FileDetector, FileKind, Report, Setting
from instruments.virtual_clock import VirtualClock
from models.domain.errors import BadInput, BeamlineFault, UnreachablePoint
from models.domain.frozen import Frozen
from models.domain.scattering import Curve
from models.domain.space import Point
from models.saxs.curve_files import read_curve, write_curve
from models.saxs.value_files import write_values

CURVE_SPEC = "NIGHTBEAM_CURVE"
"""Name of the format of our own curve files in Bluesky's documents."""
VALUES_SPEC = "NIGHTBEAM_VALUES"
"""The same of files of measured values."""
DESCRIPTION = "dataset.toml"
"""Name of the description, when none is given: beside the data."""


class Options(Frozen):
    """Keys of ``[instrument]`` with ``kind = "dataset"``."""

    folder: str | None = None
    """Where the data lie; usually given on the command line: ``--dataset DIR``."""
    description: str | None = None
    """Path of `dataset.toml`, from the campaign file's folder; beside the data when left out."""


class SampleSelector(Setting):
    """Shows one sample to the detector, by name; samples that do not exist are refused."""

    def __init__(self, *, name: str, samples: Mapping[str, Point], axes: Mapping[str, Report]) -> None:
        """Make the selector.

        Parameters
        ----------
        name
            Name in the documents.
        samples
            Point of each sample, by sample name.
        axes
            Axes, which then tell where the sample stands.
        """
        super().__init__(name=name, value="")
        self._samples, self._axes = samples, axes

    def set(self, value: str, **_: Any) -> Status:
        """Show that sample."""
        point = self._samples.get(value)
        if point is None:
            near = get_close_matches(value, list(self._samples), n=1)
            hint = (
                f"did you mean {near[0]!r}" if near else f"choose one of the {len(self._samples)} there are"
            )
            raise UnreachablePoint(f"{self.name}: there is no sample {value!r}; {hint}.")
        for name, axis in self._axes.items():
            axis.put(point[name])
        return super().set(value)


def open_dataset(options: Options, home: Path) -> Dataset:
    """The dataset that the options name.

    Parameters
    ----------
    options
        Keys of ``[instrument]``.
    home
        Folder of the campaign file: relative paths start there.

    Raises
    ------
    BadInput
        When no folder is named, or anything in it is wrong.
    """
    if options.folder is None:
        raise BadInput("instrument.folder", "is missing", "Name the folder of the data with --dataset DIR")
    folder = (home / options.folder).resolve()
    description = home / options.description if options.description else folder / DESCRIPTION
    if not description.is_file():
        raise BadInput(
            str(description),
            "there is no such file",
            "Write it, or name it: description under [instrument]",
        )
    return read_dataset(description, folder)


def read_sample(dataset: Dataset, sample: str) -> Curve:
    """The measured curve of one sample, as the source file holds it.

    Raises
    ------
    BadInput
        When the file is not a curve.
    """
    spec = dataset.spec
    assert spec.q_unit is not None
    curve = read_curve(dataset.curves[sample], q_unit=spec.q_unit, columns=spec.curve_columns)
    return replace(curve, unit=spec.intensity_unit)


def build(options: Options, context: BuildContext) -> Beamline:
    """The dataset beamline; it brings its own search space.

    Every curve is read once here, so that a file which is no curve is refused before the campaign begins.
    """
    dataset = open_dataset(options, context.home)
    for sample in dataset.curves:
        read_sample(dataset, sample)
    return beamline_around(dataset, context.folder)


def beamline_around(dataset: Dataset, folder: Path) -> Beamline:
    """Devices that serve a dataset, writing into the campaign's folder."""
    seq, action_id = Setting(name="tag_seq", value=0), Setting(name="tag_action_id", value="")
    axes = {name: Report(name=f"axis_{name}") for name in dataset.space.names}
    samples = {str(point.sample): point for point in dataset.space.candidates}
    clock = VirtualClock()
    selector = SampleSelector(name="selector", samples=samples, axes=axes)

    def serve(action_id: str, exposure_s: float, path: Path) -> None:
        del action_id
        clock.spend(exposure_s)
        sample = str(selector.get())
        try:
            if dataset.values:
                write_values(path, dataset.values[sample])
                return
            curve = read_sample(dataset, sample)
        except (BadInput, KeyError) as error:
            raise BeamlineFault(f"the curve of {sample!r} cannot be served: {error}") from error
        write_curve(path, curve)

    where, features = folder.resolve(), dataset.spec.values
    files = FileKind(where, FRAMES, ".dat", CURVE_SPEC, (-1, 3), "<f8")
    if features:
        files = FileKind(where, FRAMES, ".json", VALUES_SPEC, (len(features), 2), "<f8")
    name = "values" if features else "curves"
    detector = FileDetector(name=name, files=files, take=serve, action_id=action_id)
    return Beamline(
        axes=axes,
        detector=detector,
        count_time=detector.count_time,
        changer=selector,
        tags=Tags(seq=seq, action_id=action_id),
        asset_role="values" if features else "curve",
        values={value.feature: value.unit for value in features} or None,
        clock=clock,
        is_time_simulated=True,
        units={axis.name: axis.unit for axis in dataset.space.axes},
        space=dataset.space,
    )
