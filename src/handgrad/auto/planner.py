"""Planning against the clock: measure, choose, then fit the epochs to the time left."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from handgrad.auto.candidates import Candidate, candidates_for
from handgrad.auto.deadline import CLOSING, Deadline
from handgrad.auto.facts import Facts
from handgrad.auto.plan import (
    Plan,
    choose,
    config_of,
    epoch_seconds,
    given_size,
    input_shape,
    least_epochs,
    most_epochs,
    patience,
    split_sizes,
    tables_of,
    with_augmentation,
    with_length,
)
from handgrad.auto.small_network import THOROUGH, images_for, symmetry_of
from handgrad.auto.timing import Pace, measure, seconds_per_image
from handgrad.datasets import Split
from handgrad.errors import ConfigError, NonFiniteError, ResourceError
from handgrad.ranges import LARGEST, is_number, shown
from handgrad.training.config import RunConfig
from handgrad.training.configure import Tables
from handgrad.training.splitting import check_split

USABLE = 0.9  # of the minutes: the machine may slow down
MEASURING = 0.1  # of the minutes, but at most a minute
MOST_MEASURING = 60.0  # seconds
FIRST, AGAIN, LOOKING = 0.45, 0.25, 0.3  # parts of that: each, the best, the images
THOROUGHLY = 2.0  # times that, for images of which a smaller network learns nothing


def check_minutes(owner: str, minutes: object) -> float:
    """Return the minutes as a float; ConfigError unless they are above 0 and finite."""
    if not (is_number(minutes) and 0 < minutes <= LARGEST):
        raise ConfigError(
            f"{owner} takes a number of minutes above 0, got {shown(minutes)}. Give, "
            "for example, 10."
        )
    return float(minutes)


class Planner:
    """Measures the candidates, looks at the images, then plans in the time left.

    `facts` are those of the data, to which `look` adds what it finds; `given` are
    settings that the plan keeps; `deadline` is the clock of everything.
    ConfigError, before time is spent, if the images cannot be split as these say.
    """

    def __init__(self, facts: Facts, given: Tables, deadline: Deadline) -> None:
        self.facts, self.given, self.deadline = facts, given, deadline
        self.measured = 0.0
        self.paces: list[Pace] = []
        check_split(
            self.config_of(candidates_for(facts)[0]),
            images=facts.images,
            tests=facts.tests,
            own=facts.has_validation,
        )

    def measure(self, **how: Any) -> None:
        """Measure the candidates, and the best one longer.

        `how` are the options of `seconds_per_image`.
        """
        begun, facts = self.deadline.elapsed(), self.facts

        def pace_of(candidate: Candidate, window: float = 0.0) -> float:
            config = self.config_of(candidate)
            shape, classes = input_shape(facts, config), len(facts.counts)
            images, _ = split_sizes(facts, config)
            return seconds_per_image(
                config, shape, classes, images=images, window=window, **how
            )

        candidates = candidates_for(facts, given_size(self.given))
        paces = measure(candidates, pace_of, FIRST * self._limit, self.is_too_slow)
        best = choose(paces, self.is_too_slow).candidate
        again = Pace(best, pace_of(best, AGAIN * self._limit))  # few steps may mislead
        self.paces = [again if one.candidate == best else one for one in paces]
        self.measured = self.deadline.elapsed() - begun

    def look(self, train: Split, workers: int | None = None) -> None:
        """Find out whether these images keep their class mirrored and turned.

        Not if the augmentation is given,
        or the classes are named left and right.
        """
        facts = self.facts
        if self._is_augmentation_given or facts.is_sided or not facts.is_image:
            return
        begun = self.deadline.elapsed()
        config = self.config_of(self.paces[0].candidate)
        with suppress(NonFiniteError, ResourceError):  # the names of classes decide
            found = symmetry_of(
                train,
                len(facts.counts),
                images=images_for(LOOKING * self._limit / self.paces[0].image),
                is_thorough=self._has_time_to_be_thorough,
                seed=config.seed,
                engine=config.engine,
                workers=workers,
            )
            self.facts = replace(facts, symmetry=found)
        self.measured += self.deadline.elapsed() - begun

    @property
    def _is_augmentation_given(self) -> bool:
        return "augmentation" in self.given.get("dataset", {})

    @property
    def _has_time_to_be_thorough(self) -> bool:
        """Whether a network with batch norm can be asked, in a fifth of the minutes."""
        seen, _ = THOROUGH
        paces = self.paces[1:2]  # of the smallest such network, or of one like it
        return any(seen * one.image <= THOROUGHLY * self._limit for one in paces)

    @property
    def _limit(self) -> float:
        """Seconds for measuring and looking."""
        return min(MEASURING * self.deadline.seconds, MOST_MEASURING)

    def left(self) -> float:
        """Seconds for the training itself: what is left, at least a third of all."""
        whole = self.deadline.seconds
        return max(USABLE * whole - self.deadline.elapsed() - CLOSING, whole / 3)

    def is_too_slow(self, pace: Pace) -> bool:
        """Whether a candidate has time for too few epochs."""
        config = self.config_of(pace.candidate)
        seconds = epoch_seconds(self.facts, config, pace.image)
        images, _ = split_sizes(self.facts, config)
        least = pace.candidate.part * least_epochs(images)
        return self.left() < least * seconds

    def config_of(self, candidate: Candidate) -> RunConfig:
        """The configuration of a candidate, before its epochs are planned."""
        return config_of(tables_of(self.facts, candidate, self.given))

    def chosen(self) -> Pace:
        """The candidate to train."""
        return choose(self.paces, self.is_too_slow)

    def plan(self, pace: Pace) -> Plan:
        """The plan with this candidate, for the time that is left now."""
        tables = tables_of(self.facts, pace.candidate, self.given)
        tables = with_length(tables, self.facts, pace.image, self.left())
        tables = with_augmentation(tables, self.facts, self.given)
        config = config_of(tables)
        seconds = epoch_seconds(self.facts, config, pace.image) * config.training.epochs
        minutes = self.deadline.seconds / 60
        self.deadline.grant(seconds / USABLE)
        training = self.given.get("training", {})
        if "epochs" not in training:
            images, _ = split_sizes(self.facts, config)
            self.deadline.most = most_epochs(images)
        if "early_stopping" not in training:
            self.deadline.patience = patience
        return Plan(
            tables,
            self.facts,
            pace,
            minutes,
            self.measured,
            seconds,
            self._is_augmentation_given,
        )
