"""When a missing quorum is told: once, late enough, and its end too."""

from audit.quorum import Change, Quorum


def test_one_alarm_and_one_all_clear() -> None:
    """Nothing before its time; then due until it is told; then nothing until it is mended."""
    quorum = Quorum(needed=2, alarm_after_s=10)
    assert quorum.see(2, 0) is Change.NOTHING
    assert quorum.see(1, 100) is Change.NOTHING
    assert quorum.see(1, 109.9) is Change.NOTHING
    assert quorum.see(1, 110) is Change.MISSING
    assert quorum.see(1, 111) is Change.MISSING  # nobody could record it
    quorum.told(Change.MISSING)
    assert quorum.see(0, 200) is Change.NOTHING
    assert quorum.see(2, 201) is Change.RESTORED
    quorum.told(Change.RESTORED)
    assert quorum.see(2, 202) is Change.NOTHING
    assert quorum.see(1, 203) is Change.NOTHING
    assert quorum.see(1, 213) is Change.MISSING


def test_what_was_mended_in_time_is_not_told() -> None:
    """The time counts from when it began to lack, not from the first time ever."""
    quorum = Quorum(needed=1, alarm_after_s=10)
    for start in range(0, 100, 9):
        assert quorum.see(0, start) is Change.NOTHING
        assert quorum.see(1, start + 8) is Change.NOTHING
