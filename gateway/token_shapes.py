"""What well-known credentials look like, each with its origin; a table, and nothing that uses it.

A shape must be told from its neighbours by more than its length: a prefix that its issuer reserves, or a structure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of credential. `marker` is a part that every one of them has: looking for it first is cheap."""

    id: str
    origin: str
    marker: bytes
    pattern: bytes


SHAPES = (
    Shape("anthropic-key", "Anthropic API keys", b"sk-ant-", rb"sk-ant-[a-z]+[0-9]{2}-[\w-]{80,120}"),
    Shape(
        "aws-access-key",
        "AWS IAM, unique identifiers",
        b"AKIA",
        rb"(?<![A-Z0-9])AKIA[A-Z2-7]{16}(?![A-Z0-9])",
    ),
    Shape(
        "aws-session-key",
        "AWS STS, temporary credentials",
        b"ASIA",
        rb"(?<![A-Z0-9])ASIA[A-Z2-7]{16}(?![A-Z0-9])",
    ),
    Shape("github-token", "GitHub token formats", b"gh", rb"(?<!\w)gh[pousr]_[A-Za-z0-9]{36,255}(?!\w)"),
    Shape(
        "github-pat",
        "GitHub fine-grained tokens",
        b"github_pat_",
        rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    ),
    Shape("gitlab-token", "GitLab token prefixes", b"gl", rb"(?<!\w)gl(?:pat|dt|rt|ptt|cbt)-[\w-]{20,300}"),
    Shape("google-api-key", "Google Cloud API keys", b"AIza", rb"(?<![\w-])AIza[\w-]{35}(?![\w-])"),
    Shape(
        "jwt", "RFC 7519, compact and signed", b"eyJ", rb"(?<![\w-])eyJ[\w-]{12,}\.eyJ[\w-]{2,}\.[\w-]{20,}"
    ),
    Shape("npm-token", "npm access tokens", b"npm_", rb"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)"),
    Shape("openai-key", "OpenAI API keys", b"T3BlbkFJ", rb"sk-[\w-]{16,}T3BlbkFJ[\w-]{16,}"),
    Shape(
        "private-key",
        "RFC 7468 and OpenPGP armor",
        b"PRIVATE KEY",
        rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
    ),
    Shape("pypi-token", "PyPI API tokens (macaroons)", b"pypi-AgE", rb"pypi-AgE[\w-]{50,}"),
    Shape("sendgrid-key", "SendGrid API keys", b"SG.", rb"(?<!\w)SG\.[\w-]{22}\.[\w-]{43}(?![\w-])"),
    Shape("slack-token", "Slack token types", b"xox", rb"(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{20,}"),
    Shape(
        "slack-webhook",
        "Slack incoming webhooks",
        b"hooks.slack.com",
        rb"hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}",
    ),
    Shape(
        "stripe-key", "Stripe secret and restricted keys", b"k_live_", rb"(?<!\w)[sr]k_live_[A-Za-z0-9]{20,}"
    ),
)
