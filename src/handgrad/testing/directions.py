"""Whether a gradient check could compare as many directions as it should."""

from handgrad.inspection.gradient_check import Projections


def assert_enough_directions(found: Projections, what: str) -> None:
    """Raise AssertionError if too few directions were without a kink.

    `what` names what was checked. Directions that disagree are another matter.
    """
    is_wrong = found.max_relative_error > found.tolerance  # NaN without directions
    if found.directions < found.wanted and not is_wrong:
        count = found.directions or "no"
        raise AssertionError(
            f"{what}: {count} direction{'s' * (found.directions > 1)} of "
            f"{found.wanted} could be compared with finite differences, since a small "
            f"step changes signs, integers or booleans in the cache ({found.refused} "
            "steps refused). Make forward a continuous function of its inputs and "
            "parameters, and keep only what backward needs."
        )
