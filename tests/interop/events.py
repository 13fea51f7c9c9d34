"""Events as TensorBoard reads them."""


def events_in(folder):
    """All events of a folder, in TensorBoard's own accumulator."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    sizes = dict.fromkeys(["scalars", "images", "histograms", "tensors"], 0)
    found = EventAccumulator(str(folder), size_guidance=sizes)
    return found.Reload()


def steps_of(events, tag):
    """The steps of a scalar, in the order of the file."""
    return [event.step for event in events.Scalars(tag)]
