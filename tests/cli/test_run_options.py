def test_every_option_of_the_run_is_in_the_help(handgrad):
    shown = handgrad("train --help").out
    for name in ("run", "resume", "start-from", "checkpoint-seconds", "force"):
        assert f"--{name}" in shown
