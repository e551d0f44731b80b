"""What a question has taken of its budget. A call is paid for before it is made, at the most that it could cost.

Afterwards the provider's own count takes the place of that; where it names none, the most is what it took. Pure.
"""

from checks.jury.model import Budget, Price, Prompt, Reply

_MILLION = 1_000_000


class Purse:
    """The tokens and the money of one question."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.tokens = 0
        self.micro_dollars = 0

    def take(self, prompt: Prompt, price: Price) -> bool:
        """Pay for a call beforehand; False where that is more than is left, and then nothing is paid."""
        asked, answered = prompt.most_tokens, self._budget.answer_tokens
        tokens, money = self.tokens + asked + answered, self.micro_dollars + _cost(price, asked, answered)
        if tokens > self._budget.tokens or (0 < self._budget.micro_dollars < money):
            return False
        self.tokens, self.micro_dollars = tokens, money
        return True

    def settle(self, prompt: Prompt, price: Price, reply: Reply) -> None:
        """Put the provider's count in the place of what was paid beforehand."""
        if reply.input_tokens <= 0 or reply.output_tokens <= 0:
            return
        asked, answered = prompt.most_tokens, self._budget.answer_tokens
        self.tokens += reply.input_tokens + reply.output_tokens - asked - answered
        self.micro_dollars += _cost(price, reply.input_tokens, reply.output_tokens) - _cost(
            price, asked, answered
        )


def _cost(price: Price, input_tokens: int, output_tokens: int) -> int:
    """Micro-dollars, rounded up."""
    return -(-(price.input * input_tokens + price.output * output_tokens) // _MILLION)
