"""After the end: what a workflow leaves behind, which is nothing."""

from typing import Final

from proof.end_probe import (
    EndProbe,
    expiry,
    kept_connection,
    kill_switch,
    lease,
    new_connections,
    open_stream,
    orchestrator_killed,
    renewal,
    token_at_gateway,
    token_at_services,
)

ENDS: Final = (
    EndProbe("new-connections", "an ended workflow's channel takes no connection", new_connections),
    EndProbe("kept-connection", "a connection from before the end serves nothing", kept_connection),
    EndProbe("open-stream", "an open stream is cut within a second", open_stream),
    EndProbe("token-at-services", "an ended workflow's token counts nowhere", token_at_services),
    EndProbe("token-at-gateway", "an ended workflow's token opens no channel", token_at_gateway),
    EndProbe("renewal", "an ended workflow gets no fresh tokens", renewal),
    EndProbe("expiry", "a workflow ends at its deadline, unasked", expiry),
    EndProbe("lease", "a workflow ends with the lease on its channel", lease),
    EndProbe(
        "orchestrator-killed", "a workflow ends with its orchestrator, however that ends", orchestrator_killed
    ),
    EndProbe("kill-switch", "the kill switch ends every workflow", kill_switch),
)
