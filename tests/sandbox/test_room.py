"""The command line of bubblewrap as data: what every room has, and what must never be in it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from sandbox.folders import RoomRefused
from sandbox.room import Descriptors, Host, Limits, Room, bwrap_argv, environment, generated_files, inner_argv

CHANNEL = PurePosixPath("/run/user/1000/doorless/wf-1")
WIRES = Descriptors(filters=(11, 12), info=13, files=(("/etc/passwd", 14), ("/etc/hosts", 15)))
USER = Host(
    uid=1000,
    gid=1001,
    bwrap="/usr/bin/bwrap",
    setpriv="/usr/bin/setpriv",
    python="/home/ada/python/bin/python3.11",
    inside="/home/ada/venv/lib/python3.11/site-packages/sandbox/inside.py",
    prefixes=(
        PurePosixPath("/home/ada/venv"),
        PurePosixPath("/home/ada/python"),
        PurePosixPath("/usr/local"),
    ),
    system_folders=(PurePosixPath("/usr"), PurePosixPath("/lib32")),
    system_links=(("usr/bin", "/bin"),),
    public_files=(PurePosixPath("/etc/ssl/certs"),),
    homes=(PurePosixPath("/home/ada"), PurePosixPath("/root")),
)
ROOT = replace(USER, uid=0, gid=0)
ROOM = Room(argv=("python", "agent.py"), env={"DOORLESS_ROLE": "crash-tracker"}, channel_folder=CHANNEL)
ROOT_ROOM = replace(ROOM, uid=60001)


def options(room: Room = ROOM, host: Host = USER) -> tuple[str, ...]:
    """Return bubblewrap's own options."""
    argv = bwrap_argv(room, host, WIRES)
    return argv[: argv.index("--")]


def holds(words: tuple[str, ...], *part: str) -> bool:
    """Whether `part` stands in `words` in this order, side by side."""
    return any(words[start : start + len(part)] == part for start in range(len(words)))


def parent(*names: str) -> str:
    """Return the options that make parents passable."""
    return " ".join(f"--perms 0755 --dir {name}" for name in names)


def test_an_ordinary_users_command_line() -> None:
    """The whole command line of an ordinary user, word by word."""
    expected = f"""
    /usr/bin/bwrap --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try
    --die-with-parent --new-session --clearenv --hostname doorless --cap-drop ALL
    --info-fd 13 --add-seccomp-fd 11 --add-seccomp-fd 12
    --perms 1777 --size 268435456 --tmpfs /tmp --perms 1777 --size 268435456 --tmpfs /work
    --proc /proc --dev /dev --perms 1777 --size 67108864 --tmpfs /dev/shm
    --ro-bind /usr /usr --ro-bind /lib32 /lib32 --symlink usr/bin /bin
    {parent("/home", "/home/ada")} --ro-bind /home/ada/venv /home/ada/venv
    {parent("/home", "/home/ada")} --ro-bind /home/ada/python /home/ada/python
    {parent("/etc", "/etc/ssl")} --ro-bind /etc/ssl/certs /etc/ssl/certs
    {parent("/etc")} --perms 0444 --file 14 /etc/passwd {parent("/etc")} --perms 0444 --file 15 /etc/hosts
    {parent("/run")} --ro-bind {USER.inside} /run/doorless-inside.py
    {parent("/run")} --ro-bind {CHANNEL} /run/doorless
    --remount-ro /dev --remount-ro / --chdir /work
    -- {USER.python} -I -S /run/doorless-inside.py 8080 /run/doorless/gw.sock
    NPROC=256,NOFILE=1024,DATA=2147483648,FSIZE=268435456,CPU=600,CORE=0 -- python agent.py
    """
    assert bwrap_argv(ROOM, USER, WIRES) == tuple(expected.split())


def test_root_drops_to_the_rooms_uid_for_good() -> None:
    """As root there is no user namespace; three capabilities stay until setpriv has used and dropped them."""
    words = options(ROOT_ROOM, ROOT)
    kept = [words[place + 1] for place, word in enumerate(words) if word == "--cap-add"]
    assert "--unshare-user" not in words
    assert holds(words, "--cap-drop", "ALL")
    assert kept == ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]
    drop = "/usr/bin/setpriv --reuid 60001 --regid 60001 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs --"
    assert inner_argv(ROOT_ROOM, ROOT)[: len(drop.split())] == tuple(drop.split())


@pytest.mark.parametrize(("room", "host"), [(ROOM, USER), (ROOT_ROOM, ROOT)])
def test_every_room_is_closed(room: Room, host: Host) -> None:
    """No option shares, writes to or keeps anything of the host, as root or not."""
    words = set(options(room, host))
    assert {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"} <= words
    assert {"--die-with-parent", "--new-session", "--clearenv", "--add-seccomp-fd"} <= words
    opening = {
        "--bind",
        "--bind-try",
        "--dev-bind",
        "--share-net",
        "--setenv",
        "--bind-data",
        "--as-pid-1",
        "--sync-fd",
    }
    assert not opening & words


def test_the_environment_is_not_on_the_command_line() -> None:
    """What the agent gets is handed over after the privileges are gone, so no variable acts before."""
    assert "crash-tracker" not in " ".join(bwrap_argv(ROOT_ROOM, ROOT, WIRES))


def test_the_agents_words_cannot_become_options() -> None:
    """The agent's command stands behind two separators, whatever its words look like."""
    room = replace(ROOM, argv=("--bind", "/", "/", "--"))
    argv = bwrap_argv(room, USER, WIRES)
    assert argv[-5:] == ("--", "--bind", "/", "/", "--")
    assert argv.index("--bind") > argv.index("--")


def test_the_agent_folder_is_the_working_directory() -> None:
    """An agent folder is bound read-only at /agent and entered."""
    words = options(replace(ROOM, agent_folder=PurePosixPath("/home/ada/agents/one")))
    assert holds(words, "--ro-bind", "/home/ada/agents/one", "/agent")
    assert words[-2:] == ("--chdir", "/agent")


def test_limits_reach_the_room() -> None:
    """Sizes stand on the tmpfs, the rest is set by our first process."""
    room = replace(
        ROOM, limits=Limits(processes=1, open_files=2, data_bytes=3, file_bytes=4, cpu_s=5, tmp_bytes=6)
    )
    assert holds(options(room), "--size", "6", "--tmpfs", "/tmp")
    assert "NPROC=1,NOFILE=2,DATA=3,FSIZE=4,CPU=5,CORE=0" in inner_argv(room, USER)


def test_the_environment_begins_with_our_defaults() -> None:
    """HOME, TMPDIR, LANG and a PATH that begins with Python's folders; the room's own words win."""
    assert environment(ROOM, USER) == {
        "HOME": "/work",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "PATH": "/home/ada/venv/bin:/home/ada/python/bin:/usr/local/bin:/usr/bin:/bin",
        "DOORLESS_ROLE": "crash-tracker",
    }
    assert environment(replace(ROOM, env={"HOME": "/agent"}), USER)["HOME"] == "/agent"


@pytest.mark.parametrize("env", [{"": "x"}, {"A=B": "x"}, {"A": "x\0y"}, {"A\0": "x"}])
def test_impossible_variables_are_refused(env: Mapping[str, str]) -> None:
    """A name or value that no environment can hold is refused."""
    with pytest.raises(RoomRefused, match="impossible name or value"):
        environment(replace(ROOM, env=env), USER)


def test_the_generated_files_name_only_the_agent() -> None:
    """The files passwd and group know one account, the agent's own."""
    assert generated_files(ROOT_ROOM, ROOT)["/etc/passwd"] == "agent:x:60001:60001:agent:/work:/bin/sh\n"
    assert generated_files(ROOM, USER)["/etc/group"] == "agent:x:1001:\n"


@pytest.mark.parametrize(
    ("room", "host", "message"),
    [
        (replace(ROOM, argv=()), USER, "command is empty"),
        (replace(ROOM, argv=("",)), USER, "command is empty"),
        (replace(ROOM, argv=("a", "b\0c")), USER, "NUL"),
        (ROOM, ROOT, "needs a uid of its own"),
        (replace(ROOM, uid=0), ROOT, "needs a uid of its own"),
        (replace(ROOM, uid=1000), ROOT, "needs a uid of its own"),
        (ROOT_ROOM, USER, "ordinary user"),
        (replace(ROOM, channel_folder=PurePosixPath("/")), USER, "whole file system"),
        (replace(ROOM, channel_folder=PurePosixPath("relative")), USER, "not an absolute"),
        (replace(ROOM, agent_folder=PurePosixPath("/home/ada")), USER, "home"),
        (replace(ROOM, forbidden=(PurePosixPath("/home/ada/venv/dl"),)), USER, "no agent may see"),
        (replace(ROOM, forbidden=(CHANNEL,)), USER, "no agent may see"),
        (
            replace(ROOM, forbidden=(PurePosixPath("/usr/share/doorless"),)),
            USER,
            "/usr holds /usr/share/doorless",
        ),
        (ROOM, replace(USER, prefixes=(PurePosixPath("/home/ada"),)), "home directory"),
        (ROOM, replace(USER, prefixes=(PurePosixPath("/"),)), "whole file system"),
    ],
)
def test_wrong_rooms_are_refused(room: Room, host: Host, message: str) -> None:
    """A room whose shape is wrong, or that would show what it must not, is refused with the cause."""
    with pytest.raises(RoomRefused, match=message):
        bwrap_argv(room, host, WIRES)


def test_a_room_without_a_filter_is_refused() -> None:
    """No system call filter, no room."""
    with pytest.raises(RoomRefused, match="filter"):
        bwrap_argv(ROOM, USER, replace(WIRES, filters=()))
