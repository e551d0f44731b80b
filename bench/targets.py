"""What this product promises of its speed and size, in one table; pure.

A figure that is not here is shown for comparison and promised to nobody.
"""

from bench.figure import AtLeast, AtMost, Figure, Target

TARGETS: dict[str, Target] = {
    "requests_s": AtLeast(2500),
    "gateway_cpu_us": AtMost(220),
    "p50_alone_ms": AtMost(1.0),
    "event_cpu_us": AtMost(10),
    "rest_pss_mb": AtMost(300),
    "ready_s": AtMost(2.0),
    "run_added_s": AtMost(0.7),
    "appends_s": AtLeast(50_000),
    "tree_percent": AtMost(25),
    "append_p50_ms": AtMost(0.6),
    "append_caller_us": AtMost(10),
    "log_start_s": AtMost(3.0),
    "holds_memory_mb": AtMost(50),
    "holds_list_s": AtMost(0.5),
    "holds_json_s": AtMost(1.0),
    "output_schema_ms": AtMost(1.0),
    "change_facts_s": AtMost(0.5),
    "change_decision_ms": AtMost(30),
    "push_times": AtMost(3.0),
    "push_growth_mb": AtMost(10),
    "pull_again_s": AtMost(1.0),
    "shadow_lost_one_core_pct": AtMost(25),
    "shadow_lost_two_cores_pct": AtMost(10),
    "replay_decisions_s": AtLeast(1_667),  # 100,000 in a minute
    "soak_growth_pct": AtMost(2.0),
}


def figure(key: str, name: str, unit: str, values: list[float]) -> Figure:
    """The figure with the target that its key has, if it has one."""
    return Figure(key, name, unit, tuple(values), TARGETS.get(key))
