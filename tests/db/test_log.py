"""The log gives back what it was told, on SQLite and on PostgreSQL."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import schema
from db.engine import open_to_read
from db.identity import identify
from db.queries import read_campaigns, read_decision_list
from models.domain.action import ActionReport, Asset
from models.domain.campaign import BudgetSpec
from models.domain.decision import Candidate, Decision, ModelState, Prediction, Reason
from models.domain.errors import BadInput, LeaseLost, LogUnavailable
from models.domain.history import Duration, Failure, Observation
from models.domain.objective import as_objective
from models.domain.record_spec import AnchorSpec, RecordSpec
from models.domain.records import Decided, Ended, Event, Observed, Retried, Started
from models.domain.scattering import Absence, CurveProfile, Feature, Verdict
from models.domain.space import Point
from tests import fakes


def decision(seq: int = 1, value: float = 0.1) -> Decision:
    point = Point(coordinates={"surfactant": value, "cosurfactant": 0.1, "water": 0.9 - value})
    expected = Prediction(mean=1.0 / 3.0, sigma=1e-17, unit="1/cm")
    return Decision(
        seq=seq, kind="suggest", point=point, exposure_s=0.1, seed=2**62 + 1, watermark=seq - 1,
        reason=Reason(code="expected_improvement", sentence="Größter Nutzen: 0.3 ± 0.1."),
        candidates=(
            Candidate(rank=0, point=point, prediction=expected, acquisition_value=-12.5),
            Candidate(
                rank=1, point=point, prediction=expected.model_copy(update={"name": "height"}),
                acquisition_value=-13.0, reject_code="lower", why="Gains 0.1 1/cm less, in 2 s.",
                others=(Prediction(mean=-1.0 / 3.0, sigma=1e300, unit="nm", name="rg"),),
                expected_gain=0.1 + 0.2, gain_unit="1/cm", cost_s=1e-3, chance=1.0 / 3.0,
                bound_by=("water at least 0.3", "größte Menge"),
            ),
        ),
        model=ModelState(acquisition="log_ei", canonical_json='{"a":[0.1]}', training_sha256="f" * 64),
    )  # fmt: skip


def put(log, one: Decision, *, is_exposed: bool = True, campaign: str = "fake") -> None:
    actions = fakes.FakeInstrument(campaign=campaign).actions(one)
    log.append(Decided(decision=one, actions=actions))
    if is_exposed:
        for action in actions:
            log.append(Started(action_id=action.action_id))
            exposure = fakes.exposure_of(action, one) if action.kind == "expose" else None
            report = ActionReport(
                action_id=action.action_id, status="succeeded", sentence="", exposure=exposure,
                duration_s=None if action.kind == "load" and one.seq == 2 else 0.1 + 0.2 * action.step,
            )  # fmt: skip
            log.append(Ended(report=report))


def observation(seq: int = 1) -> Observation:
    return Observation(
        seq=seq, is_accepted=True, blank_seq=None,
        features=(
            Feature(name="height", value=0.1 + 0.2, sigma=1e-300, unit="1/cm"),
            Feature(name="a_first", value=-1.5e300, sigma=2.0, unit="nm"),
        ),
        absences=(Absence(name="rg", why="no Guinier region: qRg > 1.3"),),
        verdicts=(Verdict(check="x", is_ok=True, value=1.0, limit=2.0, unit="px", remedy="none"),),
        curve=Asset(role="curve", path="/c", sha256="a" * 64, n_bytes=10),
        profile=CurveProfile(
            q_inv_nm=(0.1, 0.2, 0.4), intensity=(1.0 / 3.0, None, -2e-9), sigma=(0.1, None, 0.0), unit="1/cm"
        ),
    )  # fmt: skip


def test_a_history_comes_back_exactly_as_it_was_appended(open_log):
    log = open_log()
    first, second = decision(1), decision(2, 0.2)
    put(log, first)
    log.append(Observed(observation=observation(1)))
    put(log, second, is_exposed=False)
    log.append(Failure(seq=2, code="BeamlineFault", sentence="stuck"))
    history = open_log().history()
    assert history.decisions == (first, second)
    assert history.observations == (observation(1),)
    assert history.failures == (Failure(seq=2, code="BeamlineFault", sentence="stuck"),)
    action = fakes.FakeInstrument().actions(first)[1]
    assert history.exposures == (fakes.exposure_of(action, first),)
    assert history.durations == (
        Duration(seq=1, kind="load", seconds=0.1 + 0.2), Duration(seq=1, kind="expose", seconds=0.1 + 0.4),
    )  # fmt: skip


def test_only_commands_that_succeeded_and_were_watched_have_a_duration_in_the_order_of_their_ends(open_log):
    log = open_log()
    for seq in (1, 2):
        put(log, decision(seq, seq / 10))
    load, expose = fakes.FakeInstrument().actions(decision(3))
    log.append(Decided(decision=decision(3), actions=(load, expose)))
    log.append(Started(action_id=load.action_id))
    log.append(
        Ended(report=ActionReport(action_id=load.action_id, status="failed", sentence="", duration_s=9.0))
    )
    again = load.model_copy(update={"attempt": 2, "action_id": "fake-00003-1load-2"})
    log.append(Retried(actions=(again,)))
    log.append(Started(action_id=again.action_id))
    log.append(
        Ended(report=ActionReport(action_id=again.action_id, status="succeeded", sentence="", duration_s=2.0))
    )
    found = [(d.seq, d.kind, d.seconds) for d in open_log().history().durations]
    assert found == [
        (1, "load", 0.1 + 0.2), (1, "expose", 0.1 + 0.4), (2, "expose", 0.1 + 0.4), (3, "load", 2.0)
    ]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    text=st.text(max_size=30).filter(lambda t: "\x00" not in t),
)
def test_every_float_and_every_text_survives_the_database(open_log, value, text):
    log = open_log()
    seq = log.history().next_seq
    one = decision(seq).model_copy(
        update={
            "point": Point(coordinates={"x": value}),
            "reason": Reason(code="c", sentence=text),
            "candidates": (),
        }
    )
    log.append(Decided(decision=one, actions=()))
    feature = Feature(name="height", value=value, sigma=0.0, unit="1")
    log.append(Observed(observation=Observation(seq=seq, is_accepted=True, features=(feature,))))
    history = open_log().history()
    assert history.decisions[-1] == one
    assert history.observations[-1].features == (feature,)


def test_a_record_that_refers_to_nothing_leaves_no_trace(open_log, url):
    log = open_log()
    one = decision()
    action = fakes.FakeInstrument().actions(one)[0]
    with pytest.raises(LogUnavailable):
        log.append(Started(action_id="never-planned"))
    with pytest.raises(LogUnavailable):
        log.append(Decided(decision=one, actions=(action, action)))
    with open_to_read(url).connect() as connection:
        for table in (schema.decision, schema.candidate, schema.action, schema.action_event):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_two_agents_cannot_write_the_same_decision(open_log):
    one, other = open_log(), open_log()
    other.append(Decided(decision=decision(1), actions=()))
    with pytest.raises(LeaseLost, match="another agent"):
        one.append(Decided(decision=decision(1, 0.2), actions=()))


def test_an_action_ends_only_once(open_log):
    log = open_log()
    put(log, decision())
    report = ActionReport(action_id="fake-00001-1load-1", status="failed", sentence="late")
    with pytest.raises(LogUnavailable):
        log.append(Ended(report=report))


def test_a_command_is_known_by_its_last_attempt_and_how_far_it_got(open_log):
    log = open_log()
    one = decision()
    load, expose = fakes.FakeInstrument().actions(one)
    log.append(Decided(decision=one, actions=(load, expose)))
    assert [(a.action, a.state) for a in log.actions(1)] == [(load, "planned"), (expose, "planned")]
    log.append(Started(action_id=load.action_id))
    assert [a.state for a in log.actions(1)] == ["started", "planned"]
    log.append(Ended(report=ActionReport(action_id=load.action_id, status="failed", sentence="crash")))
    assert [a.state for a in log.actions(1)] == ["failed", "planned"]
    again = load.model_copy(update={"attempt": 2, "action_id": "fake-00001-1load-2"})
    log.append(Retried(actions=(again,)))
    assert [(a.action, a.state) for a in log.actions(1)] == [(again, "planned"), (expose, "planned")]


def test_an_abandoned_frame_stays_on_record_but_is_no_exposure(open_log, url):
    log = open_log()
    one = decision()
    put(log, one, is_exposed=False)
    expose = fakes.FakeInstrument().actions(one)[1]
    log.append(Started(action_id=expose.action_id))
    left = Asset(role="abandoned", path="/frames/half.h5", sha256="b" * 64, n_bytes=3)
    log.append(
        Ended(report=ActionReport(action_id=expose.action_id, status="failed", sentence="", assets=(left,)))
    )
    assert log.history().exposures == ()
    with open_to_read(url).connect() as connection:
        assert connection.scalars(sa.select(schema.asset.c.path)).all() == ["/frames/half.h5"]


def test_a_campaign_may_not_change_its_file_but_may_raise_its_budget(open_log):
    open_log()
    open_log(fakes.spec(budget=BudgetSpec(measurements=99)))
    with pytest.raises(BadInput, match="objective"):
        open_log(fakes.spec(objective=as_objective(feature="other")))


def test_campaigns_in_one_database_do_not_see_each_other(open_log):
    one, other = open_log(), open_log(fakes.spec("other"))
    put(one, decision(1))
    assert other.history().decisions == ()
    put(other, decision(1, 0.3), campaign="other")
    assert one.history().decisions == (decision(1),)


def test_the_list_for_people_tells_what_came_of_each_decision(open_log, url):
    log = open_log()
    put(log, decision(1))
    log.append(Observed(observation=observation(1)))
    put(log, decision(2), is_exposed=False)
    log.append(Failure(seq=2, code="BeamlineFault", sentence="the changer is stuck"))
    put(log, decision(3))
    log.append(Event(level="info", code="resumed", sentence="Resumed."))
    with open_to_read(url).connect() as connection:
        (campaign,) = read_campaigns(connection, "fake")
        outcomes = [entry.outcome for entry in read_decision_list(connection, campaign)]
    assert outcomes == ["height 0.3 ± 1e-300 1/cm", "failed: the changer is stuck", "open"]


def test_identifying_a_campaign_writes_nothing(url, tmp_path):
    first, second = identify(url, fakes.spec(), tmp_path), identify(url, fakes.spec(), tmp_path)
    assert first.is_new
    assert first.uid != second.uid
    with pytest.raises(BadInput):
        open_to_read(url)


def test_a_campaign_keeps_its_folder_wherever_it_is_resumed_from(open_log, url, tmp_path):
    open_log()
    begun_in = identify(url, fakes.spec(), tmp_path / "elsewhere").folder
    assert begun_in.is_relative_to(tmp_path)
    assert not begun_in.is_relative_to(tmp_path / "elsewhere")
    begun_in.rmdir()
    with pytest.raises(BadInput, match="which is not there"):
        identify(url, fakes.spec(), tmp_path)


def test_a_head_that_could_not_be_published_is_told_and_on_record_with_its_decision(tmp_path):
    rules = RecordSpec(anchors=AnchorSpec(every=2))
    spec = fakes.spec().model_copy(update={"record": rules})
    url, said = fakes.sqlite_url(tmp_path), []
    log = fakes.open_log(url, spec, tmp_path, say=said.append, publish=lambda head: (f"no {head.seq}",))
    for seq in (1, 2, 3):
        put(log, decision(seq, seq / 10))
    with open_to_read(url).connect() as connection:
        table = schema.event
        rows = connection.execute(sa.select(table.c.code, table.c.sentence, table.c.seq)).all()
    assert rows == [("anchor_not_published", "no 2", 2)]
    log.close()
    assert said == ["no 2", "no 3"]
