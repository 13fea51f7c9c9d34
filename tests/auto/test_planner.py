import pytest

from handgrad.auto.deadline import Deadline
from handgrad.auto.facts import Facts
from handgrad.auto.planner import Planner, check_minutes
from handgrad.errors import ConfigError, NonFiniteError, ResourceError

FACTS = Facts(("cat", "dog"), (1500, 1500), (3, 400, 300))
SPEEDS = {"lenet": 8000, "airbench": 1000}  # images per second


@pytest.mark.parametrize("minutes", [0, -1, "abc", float("nan"), 1e99, None, True])
def test_minutes_are_a_number_above_0(minutes):
    with pytest.raises(ConfigError, match="--minutes takes a number"):
        check_minutes("--minutes", minutes)


def planner_of(minutes, monkeypatch, given=None, facts=FACTS, start=0.0):
    """A planner on a machine of known speed, whose clock stands still."""
    now = [0.0]
    deadline = Deadline(minutes, lambda: now[0])
    now[0] = start
    monkeypatch.setattr(
        "handgrad.auto.planner.seconds_per_image",
        lambda config, shape, classes, images, window: 1 / SPEEDS[config.model.name],
    )
    planner = Planner(facts, given or {}, deadline)
    planner.measure()
    return planner


@pytest.mark.parametrize(
    ("minutes", "network"),
    [
        (0.1, "lenet"),
        (0.9, "lenet"),
        (10, "airbench"),
        (1e9, "airbench"),
    ],
)
def test_more_time_means_a_larger_network(minutes, network, monkeypatch):
    planner = planner_of(minutes, monkeypatch)
    plan = planner.plan(planner.chosen())
    assert plan.config.model.name == network
    assert plan.minutes == pytest.approx(minutes)
    assert plan.seconds <= 0.9 * 60 * minutes
    if minutes == 10:
        assert plan.config.dataset.image_size == (64, 64)
        assert plan.config.training.epochs == 120  # more gain nothing


def test_time_that_has_passed_is_gone_but_a_third_stays(monkeypatch):
    whole, late = (planner_of(10, monkeypatch, start=start) for start in (0.0, 300.0))
    assert late.left() == pytest.approx(whole.left() - 300)
    assert planner_of(10, monkeypatch, start=1e4).left() == pytest.approx(200)


def test_the_smallest_airbench_needs_fewer_epochs(monkeypatch):
    planner = planner_of(1.5, monkeypatch)  # for 25 epochs
    assert planner.chosen().candidate.side == 32
    assert planner_of(3, monkeypatch).chosen().candidate.side == 64


def test_a_wider_airbench_needs_three_times_the_epochs(monkeypatch):
    widths = [
        planner_of(minutes, monkeypatch).chosen().candidate.model["channels"]
        for minutes in (3, 6, 10)
    ]
    assert widths == [[32, 64, 128], [32, 64, 128], [64, 256, 256]]


def test_the_network_keeps_the_options_given(monkeypatch):
    given = {"model": {"channels": [4, 8]}, "dataset": {"image_size": [24, 24]}}
    planner = planner_of(10, monkeypatch, given)
    config = planner.plan(planner.chosen()).config
    assert config.model.options["channels"] == [4, 8]
    assert config.dataset.image_size == (24, 24)


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ({"validation": "folder"}, "no validation images of its own"),
        ({"validation": "test"}, "no test images"),
        ({"validation": 10**6}, "would hold out"),
        ({"train_count": 10**6}, "train_count must be"),
    ],
)
def test_images_that_cannot_be_split_are_refused_before_measuring(dataset, said):
    with pytest.raises(ConfigError, match=said):
        Planner(FACTS, {"dataset": {"name": "pets", **dataset}}, Deadline(60))


def looked(given, facts, found, monkeypatch):
    """The facts after a look at images that are found to have this symmetry."""
    asked = []

    def symmetry_of(train, classes, **how):
        asked.append(how)
        return found

    monkeypatch.setattr("handgrad.auto.planner.symmetry_of", symmetry_of)
    planner = planner_of(10, monkeypatch, given, facts)
    planner.look(None)
    return planner.facts.symmetry, asked


@pytest.mark.parametrize(
    ("given", "facts"),
    [
        ({"dataset": {"augmentation": []}}, FACTS),
        ({}, Facts(("left", "right"), (50, 50), (3, 64, 64))),
    ],
)
def test_a_plan_does_not_look_where_that_changes_nothing(given, facts, monkeypatch):
    assert looked(given, facts, "unknown", monkeypatch) == (None, [])


def test_a_plan_looks_for_part_of_the_time_of_measuring(monkeypatch):
    given = {"": {"seed": 5}}
    found, asked = looked(given, FACTS, "found", monkeypatch)
    assert found == "found"
    expected = {"images": 6000, "is_thorough": True, "seed": 5}
    assert asked == [{**expected, "engine": "cpu", "workers": None}]


@pytest.mark.parametrize("error", [NonFiniteError, ResourceError])
def test_a_look_that_fails_leaves_the_plan_to_the_names(error, monkeypatch):
    def fails(*given, **how):
        raise error("Not possible.")

    planner = planner_of(10, monkeypatch)
    monkeypatch.setattr("handgrad.auto.planner.symmetry_of", fails)
    planner.look(None)
    assert planner.facts.symmetry is None
    plan = planner.plan(planner.chosen())
    assert "random_flip" in [row.name for row in plan.config.dataset.augmentation]


@pytest.mark.parametrize(
    ("minutes", "measured", "is_thorough"),
    [(10, 9, True), (0.05, 9, False), (10, 1, False)],
)
def test_a_plan_is_thorough_if_there_is_time(
    minutes, measured, is_thorough, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        "handgrad.auto.planner.symmetry_of", lambda *_, **how: asked.append(how)
    )
    planner = planner_of(minutes, monkeypatch)
    del planner.paces[measured:]
    planner.look(None)
    assert asked[0]["is_thorough"] is is_thorough


@pytest.mark.parametrize(
    ("training", "expected"), [({}, 30), ({"early_stopping": 7}, None)]
)
def test_the_patience_that_a_plan_chose_follows_the_epochs(
    training, expected, monkeypatch
):
    planner = planner_of(10, monkeypatch, {"training": training})
    planner.plan(planner.chosen())
    patience = planner.deadline.patience
    assert (patience and patience(60)) == expected
