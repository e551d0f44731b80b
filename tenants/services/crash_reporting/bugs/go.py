"""Bugs of the ledger gateway, in Go. Data only; the blanks are those of `bug.py`."""

from tenants.services.crash_reporting.bugs.bug import App, Bug

LEDGER_GATEWAY = App(
    name="ledger-gateway",
    language="go",
    versions=("1.18.0", "1.19.0", "1.19.3", "1.20.0"),
    systems=("Debian 12", "Alpine 3.22"),
    prefixes=("/go/src/ledger/", "/build/{X}/"),
    entries=(
        """\
net/http.HandlerFunc.ServeHTTP({A}, {{A}, {A}}, {A})
\t/usr/local/go/src/net/http/server.go:2220 +0x29
net/http.(*conn).serve({A}, {{A}, {A}})
\t/usr/local/go/src/net/http/server.go:2109 +0x5f5
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3360 +0x485
""",
        """\
golang.org/x/sync/errgroup.(*Group).Go.func1()
\t/go/pkg/mod/golang.org/x/sync@v0.10.0/errgroup/errgroup.go:78 +0x50
created by golang.org/x/sync/errgroup.(*Group).Go in goroutine {I}
\t/go/pkg/mod/golang.org/x/sync@v0.10.0/errgroup/errgroup.go:75 +0x96
""",
    ),
)

BUGS = (
    Bug(
        "go-posting-nil",
        """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc={A}]

goroutine {I} [running]:
ledger.example/posting.(*Batch).Balance({A})
\t{P}posting/batch.go:{L57} +0x1d
ledger.example/posting.(*Writer).Commit({A}, {{A}, {A}}, {A})
\t{P}posting/writer.go:{L112} +0x2c5
{ENTRY}""",
        weight=16,
        users=10,
        trend="rising",
        since=1,
    ),
    Bug(
        "go-map-writes",
        """\
fatal error: concurrent map writes

goroutine {I} [running]:
ledger.example/rates.(*Cache).Put(...)
\t{P}rates/cache.go:{L41}
ledger.example/rates.(*Refresher).refreshOne.func{N}({{A}, {N}})
\t{P}rates/refresh.go:{L88} +0x1b4
{ENTRY}""",
        weight=13,
        users=18,
        trend="burst",
    ),
    Bug(
        "go-index-range",
        """\
panic: runtime error: index out of range [{N}] with length {N}

goroutine {I} [running]:
ledger.example/statement.parseColumns({{A}, {I}, {I}})
\t{P}statement/parse.go:{L73} +0x10e
ledger.example/statement.Read({{A}, {A}})
\t{P}statement/read.go:{L29} +0x9c
main.importStatement({A})
\t{P}cmd/gateway/import.go:{L64} +0x1e8
{ENTRY}""",
        weight=14,
        users=4,
    ),
    Bug(
        "go-closed-channel",
        """\
panic: send on closed channel

goroutine {I} [running]:
ledger.example/stream.(*Hub).publish({A}, {A})
\t{P}stream/hub.go:{L95} +0x85
ledger.example/stream.(*Hub).Run.func{N}()
\t{P}stream/hub.go:{L60} +0x6c
created by ledger.example/stream.(*Hub).Run in goroutine {I}
\t{P}stream/hub.go:{L58} +0x12a
""",
        weight=9,
        users=7,
        trend="fresh",
        since=3,
    ),
    Bug(
        "go-decode-assertion",
        """\
panic: interface conversion: interface {} is float64, not string [recovered]
\tpanic: interface conversion: interface {} is float64, not string

goroutine {I} [running]:
ledger.example/webhook.decodeAmount({{A}, {A}})
\t{P}webhook/decode.go:{L36} +0x1f1
ledger.example/webhook.(*Handler).ServeHTTP({A}, {{A}, {A}}, {A})
\t{P}webhook/handler.go:{L52} +0x178
{ENTRY}""",
        weight=10,
        users=5,
        trend="falling",
    ),
)
