"""What the arguments of an attempt may name in braces: places, ports, sockets and processes of the world."""

from proof.attempts.kernel import handle_of
from proof.world import World
from sandbox.room import AGENT_FOLDER, CHANNEL_FOLDER, CHANNEL_SOCKET


def writable_places(world: World) -> tuple[str, ...]:
    """The folders outside that an attempt may try to write to."""
    plants = world.plants
    return (
        *(str(plants.open_folder), plants.usr_folder, plants.outside_folder, str(world.agent_folder)),
        *("/dev/shm", str(world.prisoner.path.parent)),  # noqa: S108
    )


def shown_inside(world: World) -> dict[str, str]:
    """What a room calls by another name than the world does; a search there covers all that a room shows."""
    facts = facts_of(world, "")
    everything = "/etc,/run,/tmp,/work,/agent,/dev,/home,/root,/var,/opt,/srv,/mnt,/media,/boot,/sys"
    return {
        "own_channel": CHANNEL_FOLDER,
        "agent": AGENT_FOLDER,
        "hold": "1.5",
        "stay": "15",
        "flooded": CHANNEL_SOCKET,
        "search": f"{everything},{facts['search']}",
    }


def facts_of(world: World, mark: str) -> dict[str, str]:
    """What arguments may name."""
    plants, layout = world.plants, world.layout
    return {
        "mark": mark,
        "open": str(plants.open_folder),
        "user": str(plants.user_folder),
        "handed": str(plants.handed),
        "handle": handle_of(str(plants.handed)),
        "system_file": plants.system_file,
        "usr": plants.usr_folder,
        "outside": plants.outside_folder,
        "agent": str(world.agent_folder),
        "abstract": plants.abstract,
        "run": str(layout.run),
        "log": str(layout.log),
        "keys": str(layout.keys),
        "policies": str(layout.policies),
        "static_key": str(layout.static_key),
        "jwt_secret": str(layout.jwt_secret),
        "static_service": layout.static_service,
        "issuer_port": layout.issuer_url.rpartition(":")[2],
        "hold": "0",
        "stay": "1.5",
        "flooded": str(plants.open_folder / "canary.sock"),
        "own_channel": str(world.prisoner.path.parent),
        "other_channel": str(world.roamer.path),
        "other_uid": str(world.roamer.uid),
        "place": str(world.place),
        "place_backwards": str(world.place)[::-1],
        "libraries": ",".join(map(str, world.host.prefixes)),
        "search": f"{plants.user_folder},{plants.usr_folder},{plants.outside_folder},/dev/shm",
    }
