"""A real room's life, as root and as an ordinary user: output, exit code, stop, and that nothing survives its end."""

import os
import signal
import subprocess

import pytest

from tests.sandbox.rooms import Rooms, eventually_gone, mark, marked

# Detached children that hold neither the agent's session nor its output.
SURVIVOR = (
    "import os,time\n"
    "for _ in range(20):\n"
    " if os.fork() == 0:\n"
    "  os.setsid(); null = os.open('/dev/null', os.O_RDWR); [os.dup2(null, n) for n in range(3)]\n"
    "  if os.fork() == 0: time.sleep(600)\n"
    "  os._exit(0)\n"
    " os.wait()\n"
)
POLITE = (
    "import signal,sys,time\n"
    "signal.signal(15, lambda *_: sys.exit(9))\n"
    "print('ready', flush=True)\n"
    "while True: time.sleep(0.05)\n"
)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -9 $$"), 137),
        (("no-such",), 127),
        (("/etc",), 126),
    ],
)
def test_exit_codes(rooms: Rooms, command: tuple[str, ...], code: int) -> None:
    """The agent's exit code passes; 127 is not found, 126 not executable, 128+n a signal."""
    result = rooms.run(*command)
    assert (result.code, result.cause) == (code, "exited")


def test_output_is_escaped_and_capped(rooms: Rooms) -> None:
    """Control sequences arrive as text, and after the cap one notice follows and nothing more; the agent goes on."""
    code = "import sys\nsys.stdout.buffer.write(b'\\x1b[31mred\\r\\n')\nfor _ in range(1000): print('x' * 1000)\nsys.exit(3)"
    result = rooms.python(code, limits={"output_bytes": 5000})
    assert result.stdout.startswith("\\x1b[31mred\\r\nxxx")
    assert result.stdout.count("[doorless: output capped at 5000 bytes") == 1
    assert len(result.stdout) < 5200
    assert result.code == 3


def test_the_deadline_ends_a_room(rooms: Rooms) -> None:
    """A room that outlives its wall-clock limit is ended, and says why."""
    word = mark()
    result = rooms.run("sh", "-c", f"sleep 600; : {word}", limits={"wall_s": 0.2})
    assert result.cause == "deadline"
    assert result.code == 143
    assert marked(word) == []


def test_stop_asks_first(rooms: Rooms) -> None:
    """An agent that ends on SIGTERM within the grace keeps its own exit code."""
    with rooms.launch(rooms.program, "-c", POLITE) as launcher:
        launcher.until_output("ready")
        _say(launcher.process.stdin, "stop 20")
        result = launcher.finish()
    assert (result.code, result.cause) == (9, "stopped")


def test_stop_ends_everything(rooms: Rooms) -> None:
    """An agent that ignores SIGTERM, and children that left its session, are gone when stop returns."""
    word = mark()
    code = (
        "import signal\nsignal.signal(15, signal.SIG_IGN)\n"
        + SURVIVOR
        + "print('ready', flush=True)\ntime.sleep(600)"
    )
    with rooms.launch(rooms.program, "-c", code, word) as launcher:
        launcher.until_output("ready")
        assert (
            len(marked(word)) >= 4
        )  # the launching process, bubblewrap twice, our first process, the agent, its child
        _say(launcher.process.stdin, "stop 0.1")
        while launcher.event().get("event") != "ended":
            pass
        assert [line for line in marked(word) if "launcher" not in line and "SPEC" not in line] == []
    assert launcher.result.code == 137
    assert launcher.result.cause == "stopped"


def test_what_an_agent_leaves_behind_ends_with_it(rooms: Rooms) -> None:
    """A detached child does not outlive the agent, and does not keep the room open."""
    word = mark()
    with rooms.launch(rooms.program, "-c", SURVIVOR + "print('left')", word) as launcher:
        while launcher.event().get("event") != "ended":
            pass
        assert [line for line in marked(word) if "SPEC" not in line] == []
    assert launcher.result.code == 0


def test_killing_the_launching_process_leaves_nothing(rooms: Rooms) -> None:
    """SIGKILL of the process that started a room ends every process in it, detached children included."""
    word = mark()
    with rooms.launch(
        rooms.program, "-c", SURVIVOR + "print('ready', flush=True)\ntime.sleep(600)", word
    ) as launcher:
        launcher.until_output("ready")
        assert len(marked(word)) >= 4
        launcher.process.kill()
        launcher.process.wait()
        assert eventually_gone(word)


def test_an_interrupt_at_the_terminal_is_not_the_rooms(rooms: Rooms) -> None:
    """Ctrl-C reaches whoever started the room, who can still stop it with grace."""
    with rooms.launch(rooms.program, "-c", POLITE) as launcher:
        launcher.until_output("ready")
        os.killpg(launcher.process.pid, signal.SIGINT)
        assert launcher.event() == {"event": "interrupted"}
        _say(launcher.process.stdin, "stop 20")
        result = launcher.finish()
    assert (result.code, result.cause) == (9, "stopped")


def test_a_start_that_is_cancelled_leaves_nothing(rooms: Rooms) -> None:
    """Wherever a start is interrupted, no process stays."""
    word = mark()
    body = (
        "    for delay in range(0, 150, 10):\n"
        "        try: running = await asyncio.wait_for(start(room, print), delay / 1000)\n"
        "        except TimeoutError: continue\n"
        "        await running.stop(0)\n"
    )
    _python(rooms, _program(rooms, body, "sh", "-c", "sleep 600; :", word))
    assert eventually_gone(word)


def test_a_failing_listener_ends_the_room(rooms: Rooms) -> None:
    """When whoever takes the output fails, the room is ended and the failure is not lost."""
    word = mark()
    body = (
        "    def fail(stream, text): raise ValueError('full')\n"
        "    running = await start(room, fail)\n"
        "    try: await running.wait()\n"
        "    except ValueError as failure: print(failure)\n"
    )
    assert _python(rooms, _program(rooms, body, "sh", "-c", "while :; do echo x; done", word)) == "full\n"
    assert eventually_gone(word)


def test_leaving_the_block_ends_the_room(rooms: Rooms) -> None:
    """A room used as a context manager is gone when the block is left by an error."""
    word = mark()
    body = (
        "    try:\n"
        "        async with await start(room, print): raise ValueError('left')\n"
        "    except ValueError as failure: print(failure)\n"
    )
    assert _python(rooms, _program(rooms, body, "sh", "-c", "sleep 600; :", word)) == "left\n"
    assert eventually_gone(word)


def test_a_thread_may_not_start_a_room(rooms: Rooms) -> None:
    """Starting a room outside the main thread is refused: it would end with that thread."""
    code = (
        "import asyncio, threading\nfrom pathlib import PurePosixPath\n"
        "from sandbox.room import Room\nfrom sandbox.run import start\n"
        "def work():\n"
        " try: asyncio.run(start(Room(('true',), {}, PurePosixPath('/nowhere')), print))\n"
        " except RuntimeError as reason: print(reason)\n"
        "t = threading.Thread(target=work); t.start(); t.join()\n"
    )
    assert "main thread" in _python(rooms, code)


def _program(rooms: Rooms, body: str, *argv: str) -> str:
    uid = rooms.uid if rooms.kind == "root" else None
    return (
        "import asyncio\nfrom pathlib import PurePosixPath\n"
        "from sandbox.room import Room\nfrom sandbox.run import start\n"
        "async def main():\n"
        f"    room = Room({argv!r}, {{}}, PurePosixPath({str(rooms.channel)!r}), {uid})\n"
        f"{body}"
        "asyncio.run(main())\n"
    )


def _python(rooms: Rooms, code: str) -> str:
    command, environment = rooms.command(code)
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _say(stream: object, line: str) -> None:
    assert hasattr(stream, "write")
    assert hasattr(stream, "flush")
    stream.write(f"{line}\n")
    stream.flush()
