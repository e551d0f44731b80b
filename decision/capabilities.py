"""What policy may call: OPA's own capabilities without all that reaches out or is no function of the input.

`python -m decision.capabilities OPA` writes `decision/capabilities.json` anew for the pinned OPA. Reasons
stand beside each name, because `opa check` can only say that a function is undefined.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "capabilities.json"

BANNED: Mapping[str, str] = {
    "http.send": "reaches out",
    "net.lookup_ip_addr": "reaches out",
    "json.match_schema": "fetches what a schema refers to",
    "json.verify_schema": "fetches what a schema refers to",
    "opa.runtime": "shows the environment of the process, secrets included",
    "rand.intn": "random",
    "uuid.rfc4122": "random",
    "time.now_ns": "reads the clock; the time is a fact of the input",
    "io.jwt.decode_verify": "reads the clock; tokens are verified before policy is asked",
    "io.jwt.encode_sign": "signs with a key, and policy never sees a secret",
    "io.jwt.encode_sign_raw": "signs with a key, and policy never sees a secret",
    "crypto.x509.parse_and_verify_certificates": "reads the clock",
    "crypto.x509.parse_and_verify_certificates_with_options": "reads the clock",
    "providers.aws.sign_req": "signs with a key, and policy never sees a secret",
}


def restrict(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """The capabilities without the banned functions, and with no host that a schema may be fetched from."""
    builtins = [builtin for builtin in capabilities["builtins"] if builtin["name"] not in BANNED]
    return {**capabilities, "builtins": builtins, "allow_net": []}


def encode(capabilities: Mapping[str, Any]) -> str:
    """The text of the capabilities file."""
    return json.dumps(capabilities, indent=1) + "\n"


def of_binary(opa: Path) -> dict[str, Any]:
    """The capabilities that an OPA binary has. Raises `subprocess.CalledProcessError` if it does not say."""
    answer = subprocess.run([opa, "capabilities", "--current"], check=True, capture_output=True)
    capabilities: dict[str, Any] = json.loads(answer.stdout)
    return capabilities


if __name__ == "__main__":
    FILE.write_text(encode(restrict(of_binary(Path(sys.argv[1])))))
