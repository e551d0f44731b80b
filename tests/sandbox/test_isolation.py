"""What an agent in a real room is given and what it is not, as root and as an ordinary user."""

import json
import socket
import threading
from pathlib import Path

from tests.sandbox.rooms import Rooms, mark


def test_environment_is_only_what_was_given(rooms: Rooms) -> None:
    """The agent's environment, and that of every process it can see, holds what was given and nothing of the host."""
    code = (
        "import json,os,pathlib\n"
        "print(json.dumps(dict(os.environ)))\n"
        "for place in pathlib.Path('/proc').glob('[0-9]*/environ'):\n"
        " try: print(place.read_bytes())\n"
        " except OSError: print('unreadable')\n"
    )
    result = rooms.python(code, env={"GIVEN": "yes"})
    names = {"GIVEN", "HOME", "LANG", "PATH", "TMPDIR"}
    assert result.code == 0
    assert set(json.loads(result.stdout.splitlines()[0])) == names
    assert "canary" not in result.stdout


def test_uid_and_privileges(rooms: Rooms) -> None:
    """The agent has the room's uid, no groups to speak of, no capability, no new privileges, and a filter."""
    result = rooms.python("import os\nprint(os.getresuid())\nprint(open('/proc/self/status').read())")
    status = dict(line.split(":\t", 1) for line in result.stdout.splitlines()[1:] if ":\t" in line)
    assert result.stdout.splitlines()[0] == str((rooms.uid,) * 3)
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_becoming_root_is_refused(rooms: Rooms) -> None:
    """No call makes the agent uid 0, and set-uid programs do nothing."""
    code = (
        "import os\n"
        "for call in (os.setuid, os.setgid, lambda n: os.setresuid(n, n, n), lambda n: os.setgroups([n])):\n"
        " try: call(0); print('became root')\n"
        " except OSError as e: print('refused')\n"
    )
    assert rooms.python(code).stdout.split() == ["refused"] * 4


def test_no_route_out(rooms: Rooms) -> None:
    """A listener on the host's loopback is reached from outside the room and never from inside."""
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def listen() -> None:
            while True:
                peer, _ = listener.accept()
                with peer:
                    word = peer.recv(100).decode()
                    seen.append(word)
                if word == "end":
                    return

        thread = threading.Thread(target=listen)
        thread.start()
        _knock(port, "control")
        code = (
            "import socket,sys\n"
            "for host in ('127.0.0.1', 'localhost', '0.0.0.0', '::ffff:127.0.0.1', '192.0.2.1', '8.8.8.8'):\n"
            " try: socket.create_connection((host, int(sys.argv[1])), timeout=2).send(b'leak'); print('leak', host)\n"
            " except OSError as e: print('refused')\n"
        )
        result = rooms.python(code, str(port))
        _knock(port, "end")
        thread.join()
    assert result.stdout.split() == ["refused"] * 6
    assert seen == ["control", "end"]


def _knock(port: int, word: str) -> None:
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(word.encode())


def test_only_loopback_exists(rooms: Rooms) -> None:
    """No interface but lo, and no route, is visible."""
    code = "print([l.split(':')[0].strip() for l in open('/proc/net/dev') if ':' in l], len(open('/proc/net/route').readlines()))"
    assert rooms.python(code).stdout.strip().startswith("['lo']")


def test_other_unix_sockets_are_unreachable(rooms: Rooms, open_folder: Path) -> None:
    """A unix socket beside the channel folder and an abstract one are reached from outside only."""
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
        path, hidden = str(open_folder / "other.sock"), f"\0{mark()}"
        for listener, address in ((named, path), (abstract, hidden)):
            listener.bind(address)
            listener.listen()
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(address)
        (open_folder / "other.sock").chmod(0o777)
        code = (
            "import socket,sys\n"
            "for address in (sys.argv[1], '\\0' + sys.argv[2], '/run/doorless/../other.sock'):\n"
            " s = socket.socket(socket.AF_UNIX)\n"
            " try: s.connect(address); print('reached')\n"
            " except OSError as e: print('refused')\n"
        )
        assert rooms.python(code, path, hidden[1:]).stdout.split() == ["refused"] * 3


def test_the_gateways_socket_can_be_used_but_not_touched(rooms: Rooms) -> None:
    """gw.sock answers over its path and over loopback, and can be neither unlinked, replaced nor added to."""
    code = (
        "import os,socket\n"
        "def ask(s):\n"
        " s.sendall(b'ping'); print(s.recv(4).decode())\n"
        "u = socket.socket(socket.AF_UNIX); u.connect('/run/doorless/gw.sock'); ask(u)\n"
        "ask(socket.create_connection(('127.0.0.1', 8080)))\n"
        "for act in (lambda: os.unlink('/run/doorless/gw.sock'), lambda: open('/run/doorless/x', 'w'),\n"
        "            lambda: os.rename('/run/doorless/gw.sock', '/run/doorless/y'),\n"
        "            lambda: os.chmod('/run/doorless/gw.sock', 0), lambda: os.rename('/run/doorless', '/run/z')):\n"
        " try: act(); print('done')\n"
        " except OSError as e: print('refused')\n"
    )
    assert rooms.python(code).stdout.split() == ["ping", "ping", *["refused"] * 5]
    assert (rooms.channel / "gw.sock").is_socket()


def test_no_host_process_is_visible(rooms: Rooms) -> None:
    """/proc shows bubblewrap, our first process and the agent, and their command lines name no host folder."""
    code = "import pathlib\nfor p in pathlib.Path('/proc').glob('[0-9]*/cmdline'): print(p.parts[2], p.read_bytes())"
    result = rooms.python(code)
    assert sorted(int(line.split()[0]) for line in result.stdout.splitlines()) == [1, 2, 3]
    assert str(rooms.channel) not in result.stdout


def test_nothing_is_inherited(rooms: Rooms) -> None:
    """The agent starts with stdin (null), stdout and stderr, and no other descriptor."""
    code = "import os\nfor n in os.listdir('/proc/self/fd'):\n try: print(n, os.readlink(f'/proc/self/fd/{n}'))\n except OSError: pass"
    lines = dict(line.split(" ", 1) for line in rooms.python(code).stdout.splitlines())
    assert set(lines) == {"0", "1", "2"}
    assert lines["0"] == "/dev/null"


def test_files_are_few_and_read_only(rooms: Rooms) -> None:
    """Homes, host state and the launching folder do not exist; only /tmp, /work and /dev/shm can be written."""
    code = (
        "import os\n"
        "print(sorted(os.listdir('/')), sorted(os.listdir('/etc')))\n"
        "for place in ('/', '/etc', '/usr', '/usr/bin', '/dev', '/run', '/run/doorless', '/proc', '/tmp', '/work', '/dev/shm'):\n"
        " try: open(place + '/new', 'w').close(); print('wrote', place)\n"
        " except OSError: pass\n"
    )
    result = rooms.python(code)
    listing, *written = result.stdout.splitlines()
    assert written == ["wrote /tmp", "wrote /work", "wrote /dev/shm"]
    assert not {"home", "var", "sys", "boot", "opt"} & set(listing.replace("'", " ").split())
    assert "shadow" not in listing


def test_the_agents_folder_is_its_working_directory_and_read_only(rooms: Rooms, open_folder: Path) -> None:
    """The agent folder is seen at /agent, as the working directory, and cannot be written."""
    folder = open_folder / "agent"
    folder.mkdir(mode=0o777)
    (folder / "agent.py").write_text("import os\nprint(os.getcwd())\nopen('new', 'w')\n")
    result = rooms.run(rooms.program, "agent.py", agent=str(folder))
    assert result.stdout == "/agent\n"
    assert "Read-only file system" in result.stderr


def test_a_forbidden_agent_folder_is_refused(rooms: Rooms, open_folder: Path) -> None:
    """An agent folder inside the Doorless home is refused before anything starts, through a symbolic link too."""
    secret = open_folder / "home" / "keys"
    secret.mkdir(parents=True)
    (open_folder / "link").symlink_to(secret)
    result = rooms.run("true", agent=str(open_folder / "link"), forbidden=[str(open_folder / "home")])
    assert result.problem.startswith("RoomRefused: the agent's folder")


def test_a_missing_agent_folder_is_refused(rooms: Rooms) -> None:
    """A folder that does not exist is refused by name."""
    assert (
        rooms.run("true", agent="/nowhere/at/all").problem
        == "RoomRefused: /nowhere: No such file or directory"
    )


def test_a_fork_bomb_is_held(rooms: Rooms) -> None:
    """No more processes than allowed can exist in a room."""
    code = (
        "import os,time\ncount = 0\n"
        "while count < 200:\n"
        " try: child = os.fork()\n"
        " except OSError as e: print(count, e.errno); break\n"
        " if not child: time.sleep(600)\n"
        " count += 1\n"
    )
    count, number = rooms.python(code, limits={"processes": 20}).stdout.split()
    assert 10 <= int(count) < 20
    assert int(number) == 11


def test_disks_are_held(rooms: Rooms) -> None:
    """Every writable place has a size, and one file has one too."""
    code = (
        "import os\n"
        "for place in ('/tmp', '/work', '/dev/shm'):\n"
        " size = 0\n"
        " with open(place + '/fill', 'wb', buffering=0) as f:\n"
        "  try:\n"
        "   while size < 2**28: size += f.write(bytes(2**18))\n"
        "  except OSError as e: print(place, size, e.errno)\n"
        " os.unlink(place + '/fill')\n"
    )
    result = rooms.python(code, limits={"tmp_bytes": 2**20, "work_bytes": 2**21, "file_bytes": 2**28})
    sizes = [line.split() for line in result.stdout.splitlines()]
    assert sizes == [["/tmp", str(2**20), "28"], ["/work", str(2**21), "28"], ["/dev/shm", str(2**26), "28"]]


def test_memory_and_files_are_held(rooms: Rooms) -> None:
    """A process cannot hold more data, open more files or write a larger file than allowed."""
    code = (
        "import resource as r\n"
        "for n in ('DATA', 'NOFILE', 'FSIZE', 'NPROC', 'CPU', 'CORE'): print(*r.getrlimit(getattr(r, 'RLIMIT_' + n)))\n"
        "try: bytearray(2**28); print('allocated')\n"
        "except MemoryError: print('refused')\n"
    )
    limits = {"data_bytes": 2**27, "open_files": 100, "file_bytes": 1000, "processes": 50, "cpu_s": 9}
    values = [2**27, 100, 1000, 50, 9, 0]
    assert rooms.python(code, limits=limits).stdout.split("\n")[:-1] == [
        *(f"{n} {n}" for n in values),
        "refused",
    ]
