"""What the issuer asks policy; types only. The way there is `decision.policy_link`."""

from typing import Protocol

from decision.policy_link import Answer, PolicyLink
from decision.question import TokenQuestion

__all__ = ["Answer", "Policy", "PolicyLink"]


class Policy(Protocol):
    """Answers whether tokens may be issued."""

    async def ask(self, question: TokenQuestion) -> Answer:
        """The decision; every failure is a `Deny` with a code."""
        ...
