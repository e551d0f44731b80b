"""A pull request as a way out: what an agent can write a key into."""

from typing import Final

from proof.proposal_probe import ProposalProbe

PROPOSALS: Final = (ProposalProbe("title"), ProposalProbe("body"))
