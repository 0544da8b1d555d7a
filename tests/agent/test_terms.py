"""What stands beside a night is told by `check` in a line each, and no secret with it."""

from agent.commands.terms import load_line, people_lines
from models.domain.campaign import BlankSpec, MeasurementSpec
from models.domain.load_limits import LoadLimits
from models.domain.people import EmailSpec, NotifySpec, PeopleSpec
from tests import fakes


def test_how_people_interfere_and_are_called_is_told_without_secrets():
    mail = {"server": "mail.example.org", "from": "a@example.org", "to": ["b@example.org"]}
    email = EmailSpec.model_validate(mail)
    notify = NotifySpec(
        on=("alarm", "finish"), command=("./phone", "--token", "hidden"), email=email,
        webhook="https://chat.example.org/hooks/hidden",
    )  # fmt: skip
    spec = fakes.spec(people=PeopleSpec(veto_s=30.0), notify=notify)
    lines = list(people_lines(spec))
    assert lines == [
        "each measurement waits 30 s for a veto",
        "called for alarm, finish by ./phone, mail to b@example.org, a webhook",
    ]
    assert list(people_lines(fakes.spec())) == []


def test_how_loads_are_judged_and_blanks_taken_is_told():
    def told(every):
        blank = BlankSpec(point={"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}, every=every)
        return load_line(fakes.spec(load=LoadLimits(), measurement=MeasurementSpec(blank=blank)))

    assert load_line(fakes.spec()) is None
    assert told(6) == ("air 2%, empty cell 2%; at most 2 rinses, made again once; a blank every 6 samples")
    assert told("each").endswith("a blank after each sample")
    assert told("drift").endswith("a blank when the empty cell drifts")
