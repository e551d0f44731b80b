"""Bugs of the storefront, in JavaScript (browser and server side). Data only; the blanks are those of `bug.py`."""

from tenants.services.crash_reporting.bugs.bug import App, Bug

STOREFRONT = App(
    name="storefront-web",
    language="javascript",
    versions=("7.2.0", "7.3.0", "7.4.0", "7.4.1"),
    systems=("Windows 11", "macOS 15", "Android 15", "iOS 19"),
    prefixes=("https://shop.example/assets/", "https://cdn.shop.example/v/{H}/"),
    entries=(
        """\
    at renderWithHooks ({P}vendor.{H}.js:2:{C48211})
    at updateFunctionComponent ({P}vendor.{H}.js:2:{C61020})
    at performUnitOfWork ({P}vendor.{H}.js:2:{C88112})
    at MessagePort.performWorkUntilDeadline ({P}vendor.{H}.js:2:{C12007})
""",
        """\
    at HTMLButtonElement.onClick ({P}vendor.{H}.js:2:{C30114})
    at HTMLUnknownElement.callCallback ({P}vendor.{H}.js:2:{C22190})
    at invokeGuardedCallback ({P}vendor.{H}.js:2:{C22871})
""",
    ),
)

BUGS = (
    Bug(
        "javascript-cart-price",
        """\
TypeError: Cannot read properties of undefined (reading 'price')
    at {P}cart.{H}.js:1:{C20481}
    at Array.map (<anonymous>)
    at CartSummary.lineTotals ({P}cart.{H}.js:1:{C20440})
    at CartSummary.render ({P}cart.{H}.js:1:{C21877})
{ENTRY}""",
        weight=40,
        users=120,
        trend="rising",
        since=2,
    ),
    Bug(
        "javascript-cart-price-saved",
        """\
TypeError: Cannot read properties of undefined (reading 'price')
    at {P}cart.{H}.js:1:{C33120}
    at Array.map (<anonymous>)
    at SavedItems.lineTotals ({P}cart.{H}.js:1:{C33077})
    at SavedItems.render ({P}cart.{H}.js:1:{C34002})
{ENTRY}""",
        weight=9,
        users=20,
    ),
    Bug(
        "javascript-chunk-load",
        """\
ChunkLoadError: Loading chunk {I} failed.
(error: {P}chunk-{I}.{H}.js)
    at loadChunk ({P}runtime.{H}.js:1:{C3371})
    at async openReviews ({P}product.{H}.js:1:{C9120})
    at async ProductPage.onTab ({P}product.{H}.js:1:{C9988})
""",
        weight=28,
        users=60,
        trend="burst",
    ),
    Bug(
        "javascript-storage-quota",
        """\
QuotaExceededError: Failed to execute 'setItem' on 'Storage': Setting the value of 'recent-{U}' exceeded the quota.
    at RecentlyViewed.persist ({P}recent.{H}.js:1:{C1893})
    at RecentlyViewed.push ({P}recent.{H}.js:1:{C1544})
{ENTRY}""",
        weight=15,
        users=30,
        trend="falling",
    ),
    Bug(
        "javascript-checkout-json",
        """\
SyntaxError: Unexpected token '<', "<!DOCTYPE "... is not valid JSON
    at JSON.parse (<anonymous>)
    at parseQuote (webpack-internal:///./src/checkout/quote.ts?{X}:{L22}:{C17})
    at async fetchQuote (webpack-internal:///./src/checkout/quote.ts?{X}:{L48}:{C20})
    at async Object.submit (webpack-internal:///./src/checkout/form.ts?{X}:{L131}:{C9})
""",
        weight=20,
        users=45,
    ),
    Bug(
        "javascript-render-server",
        """\
ReferenceError: window is not defined
    at useViewport (file:///app/dist/server/viewport.{H}.mjs:{L14}:{C18})
    at HomePage (file:///app/dist/server/home.{H}.mjs:{L77}:{C24})
    at renderToString (/app/node_modules/react-dom/cjs/react-dom-server.node.production.js:{L7012}:{C14})
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
""",
        weight=5,
        users=70,
        trend="fresh",
        since=3,
    ),
)
