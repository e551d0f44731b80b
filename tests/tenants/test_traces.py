"""Stack traces taken apart: what stays of a trace, and what two strikes of one bug may differ in."""

import pytest
from hypothesis import given, settings, strategies

from tenants.agents.crash_tracker.model import Crash, Frame
from tenants.agents.crash_tracker.traces import take_apart

PYTHON = """\
Traceback (most recent call last):
  File "/srv/app/shop/stock.py", line 5, in read
    return stock[name]
KeyError: 'first'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/.venv/lib/python3.12/site-packages/flask/app.py", line 1473, in wsgi_app
    response = self.full_dispatch_request()
  File "/srv/app/shop/views.py", line 12, in show
    return price(item)
           ^^^^^^^^^^^
  File "/srv/app/shop/price.py", line 8, in <lambda>
    raise LookupFailed(item)
  File "/usr/lib/python3.12/json/decoder.py", line 337, in decode
    obj, end = self.raw_decode(s)
shop.errors.LookupFailed: no item 4711: see log
second line of the message
"""

JAVA = """\
java.util.concurrent.CompletionException: com.shop.Failed: order 4711
\tat com.shop.Job.run(Job.java:44)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: com.shop.Failed: order 4711
\tat com.shop.Client.lambda$post$7(Client.java:121)
\tat com.shop.Client$$Lambda/0xc01234.apply(Unknown Source)
\tat app//com.shop.Client.create(Client.java:92)
\tat jdk.internal.reflect.GeneratedMethodAccessor37.invoke(Unknown Source)
\t... 9 more
"""

JAVASCRIPT = """\
TypeError: Cannot read properties of undefined (reading 'price')
    at https://cdn.example/v/8a6f0c11/cart.3f2a1bc9.js:1:20481
    at Array.map (<anonymous>)
    at async Cart.total (webpack-internal:///./src/cart/total.ts?1a2b:83:17)
    at renderWithHooks (https://cdn.example/vendor.3f2a1bc9.js:2:48211)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
"""

GO = """\
panic: runtime error: index out of range [12] with length 7 [recovered]
\tpanic: runtime error: index out of range [12] with length 7

goroutine 42 [running]:
ledger.example/statement.(*Reader).Read({0xc000123456, 0x5})
\t/build/1a2b/statement/read.go:29 +0x9c
main.load.func2.1(...)
\t/go/src/ledger/cmd/load.go:64
net/http.HandlerFunc.ServeHTTP(0xc000, {0xc1, 0xc2}, 0xc3)
\t/usr/local/go/src/net/http/server.go:2220 +0x29
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3360 +0x485
"""


def test_python_takes_the_last_of_chained_tracebacks() -> None:
    """The exception that ended the program counts, its frames innermost first, libraries told apart."""
    assert take_apart("python", PYTHON) == Crash(
        "shop.errors.LookupFailed",
        (
            Frame("json/decoder.py", "decode", "library"),
            Frame("shop/price.py", "<lambda>", "own"),
            Frame("shop/views.py", "show", "own"),
            Frame("flask/app.py", "wsgi_app", "entry"),
        ),
    )


def test_java_takes_the_root_cause_and_drops_generated_numbers() -> None:
    """The innermost cause names the crash; its frames come before those of its wrapper."""
    assert take_apart("java", JAVA) == Crash(
        "com.shop.Failed",
        (
            Frame("Client.java", "com.shop.Client.lambda$post", "own"),
            Frame("Unknown Source", "com.shop.Client$$Lambda.apply", "own"),
            Frame("Client.java", "com.shop.Client.create", "own"),
            Frame("Unknown Source", "jdk.internal.reflect.GeneratedMethodAccessor.invoke", "entry"),
            Frame("Job.java", "com.shop.Job.run", "own"),
            Frame("Thread.java", "java.lang.Thread.run", "entry"),
        ),
    )


def test_javascript_drops_hosts_hashes_and_positions() -> None:
    """A frame keeps its file and function; vendor bundles and the runtime are not the application."""
    assert take_apart("javascript", JAVASCRIPT) == Crash(
        "TypeError",
        (
            Frame("cart.js", "<anonymous>", "own"),
            Frame("<anonymous>", "Array.map", "library"),
            Frame("total.ts", "Cart.total", "own"),
            Frame("vendor.js", "renderWithHooks", "entry"),
            Frame("process/task_queues", "process.processTicksAndRejections", "entry"),
        ),
    )


def test_go_drops_arguments_addresses_and_closure_numbers() -> None:
    """A panic is its message without numbers; arguments and goroutine ids are gone."""
    assert take_apart("go", GO) == Crash(
        "panic: runtime error: index out of range [N] with length N",
        (
            Frame("statement/read.go", "ledger.example/statement.(*Reader).Read", "own"),
            Frame("cmd/load.go", "main.load.func", "own"),
            Frame("http/server.go", "net/http.HandlerFunc.ServeHTTP", "entry"),
            Frame("http/server.go", "created by net/http.(*Server).Serve", "entry"),
        ),
    )


def test_recursion_is_one_frame() -> None:
    """A function that calls itself counts once, however deep it was."""
    frame = '  File "/srv/app/shop/tree.py", line 4, in walk\n    walk(node.next)\n'
    text = "Traceback (most recent call last):\n" + frame * 5 + "RecursionError: too deep\n"
    assert take_apart("python", text).frames == (Frame("shop/tree.py", "walk", "own"),)


@pytest.mark.parametrize("language", ["python", "java", "javascript", "go", "cobol"])
def test_what_is_no_trace_is_an_exception_without_frames(language: str) -> None:
    """Empty text and prose give a crash without frames, never a fault."""
    assert take_apart(language, "") == Crash("unknown exception", ())
    assert take_apart(language, "it broke at 12:30\nreally").frames == ()


LINES = [line + "\n" for text in (PYTHON, JAVA, JAVASCRIPT, GO) for line in text.splitlines()]


@settings(deadline=None)
@given(
    strategies.sampled_from(["python", "java", "javascript", "go", "cobol"]),
    strategies.one_of(
        strategies.text(), strategies.lists(strategies.sampled_from(LINES), max_size=30).map("".join)
    ),
)
def test_any_text_can_be_taken_apart(language: str, text: str) -> None:
    """Traces are written by strangers: any text gives a crash with a name."""
    assert take_apart(language, text).exception
