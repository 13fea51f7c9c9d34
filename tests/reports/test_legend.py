from handgrad.reports.legend import as_drawing, as_list, short_names, style_of


def test_one_setting_is_named_once():
    rates = ["learning_rate=0.1", "learning_rate=0.5"]
    assert short_names(rates) == ("learning rate", {rates[0]: "0.1", rates[1]: "0.5"})
    both = ["depth=1, width=2", "depth=2, width=2"]
    assert short_names(both) == ("", {name: name for name in both})
    assert short_names(["He", "leaky_relu"])[1]["leaky_relu"] == "leaky relu"
    assert short_names(["momentum=0"]) == ("", {"momentum=0": "momentum=0"})


def test_twenty_variants_look_different():
    assert len({style_of(place) for place in range(20)}) == 20
    assert style_of(0) == "s0"
    assert style_of(9) == "s1 d1"


def test_a_legend_is_there_where_it_says_something():
    assert as_list(["main"], published=False) is None
    assert ">published</li>" in as_list(["main"], published=True)
    legend = as_list(["He", "<b>"], published=False)
    assert legend.count("<li>") == 2
    assert "&lt;b&gt;" in legend


def test_a_drawn_legend_goes_on_in_the_next_line():
    _, short = as_drawing(["a", "b"], 0)
    _, long = as_drawing(["a" * 40, "b" * 40], 0)
    assert long > short
