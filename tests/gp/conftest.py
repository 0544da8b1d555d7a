import pytest

from models.gp.threads import use_one_thread


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """As in a campaign: decision maths on one thread."""
    use_one_thread()
