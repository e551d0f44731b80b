"""What a shadow costs, as the rows say it."""

from bench.shadow import Run, Shadowed, figures


def test_the_rows_compare_neighbouring_runs() -> None:
    """Loss and processor time are of the run without; what was left out is of all questions, and none is no division."""
    found = Shadowed()
    found.add(Run(1000, 200), Run(800, 250), (600, 200))
    found.add(Run(1000, 200), Run(1100, 200), (0, 0))
    rows = {figure.key: figure.values for figure in figures("one core", "one_core", found)}
    assert {key: [round(value, 6) for value in values] for key, values in rows.items()} == {
        "shadow_lost_one_core_pct": [20, -10],
        "shadow_gateway_one_core_pct": [25, 0],
        "shadow_left_out_one_core_pct": [25, 0],
    }
    targets = [figure.target is not None for figure in figures("two cores", "two_cores", found)]
    assert targets == [True, False, False]
