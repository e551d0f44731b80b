"""Bugs of the shop backend, in Python. Data only; the blanks are those of `bug.py`."""

from tenants.services.crash_reporting.bugs.bug import App, Bug

SHOP_BACKEND = App(
    name="shop-backend",
    language="python",
    versions=("4.9.0", "4.10.2", "4.11.0", "4.12.1"),
    systems=("Debian 12", "Debian 13", "Ubuntu 24.04"),
    prefixes=("/srv/app/", "/opt/releases/{I}/", "/home/deploy/current/"),
    entries=(
        """\
  File "{P}.venv/lib/python3.12/site-packages/flask/app.py", line 1473, in wsgi_app
    response = self.full_dispatch_request()
  File "{P}.venv/lib/python3.12/site-packages/flask/app.py", line 882, in full_dispatch_request
    rv = self.handle_user_exception(e)
  File "{P}.venv/lib/python3.12/site-packages/flask/app.py", line 865, in dispatch_request
    return self.ensure_sync(self.view_functions[rule.endpoint])(**view_args)
  File "{P}shop/middleware.py", line {L41}, in timed
    return view(*args, **kwargs)
""",
        """\
  File "{P}.venv/lib/python3.11/site-packages/celery/app/trace.py", line 453, in trace_task
    R = retval = fun(*args, **kwargs)
  File "{P}.venv/lib/python3.11/site-packages/celery/app/trace.py", line 736, in __protected_call__
    return self.run(*args, **kwargs)
""",
    ),
)

BUGS = (
    Bug(
        "python-coupon-decimal",
        """\
Traceback (most recent call last):
{ENTRY}  File "{P}shop/cart/coupons.py", line {L118}, in apply_coupon
    discount = to_cents(raw_discount)
  File "{P}shop/money.py", line {L27}, in to_cents
    return int(Decimal(text) * 100)
decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]
""",
        weight=34,
        users=40,
        trend="rising",
        since=2,
    ),
    Bug(
        "python-refund-decimal",
        """\
Traceback (most recent call last):
{ENTRY}  File "{P}shop/refunds/importer.py", line {L203}, in import_row
    amount = to_cents(row["amount"])
  File "{P}shop/money.py", line {L27}, in to_cents
    return int(Decimal(text) * 100)
decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]
""",
        weight=8,
        users=3,
    ),
    Bug(
        "python-session-keyerror",
        """\
Traceback (most recent call last):
{ENTRY}  File "{P}shop/checkout/views.py", line {L66}, in confirm
    address = session_address(session)
  File "{P}shop/checkout/session.py", line {L31}, in session_address
    return session["shipping"]["addresses"][{N}]
           ~~~~~~~^^^^^^^^^^^^
KeyError: 'shipping'
""",
        weight=26,
        users=25,
    ),
    Bug(
        "python-lock-timeout",
        """\
Traceback (most recent call last):
  File "{P}.venv/lib/python3.12/site-packages/sqlalchemy/engine/base.py", line 1967, in _exec_single_context
    self.dialect.do_execute(
  File "{P}.venv/lib/python3.12/site-packages/sqlalchemy/engine/default.py", line 941, in do_execute
    cursor.execute(statement, parameters)
psycopg2.errors.LockNotAvailable: canceling statement due to lock timeout
CONTEXT:  while locking tuple ({N},{I}) in relation "stock_levels"

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
{ENTRY}  File "{P}shop/stock/reserve.py", line {L89}, in reserve_all
    level = lock_level(connection, sku)
  File "{P}shop/stock/reserve.py", line {L52}, in lock_level
    return connection.execute(LOCK_LEVEL, {"sku": sku}).one()
  File "{P}.venv/lib/python3.12/site-packages/sqlalchemy/engine/base.py", line 1418, in execute
    return meth(
sqlalchemy.exc.OperationalError: (psycopg2.errors.LockNotAvailable) canceling statement due to lock timeout
[SQL: SELECT * FROM stock_levels WHERE sku = %(sku)s FOR UPDATE]
[parameters: {'sku': 'SKU-{I}'}]
(Background on this error at: https://sqlalche.me/e/20/e3q8)
""",
        weight=22,
        users=12,
        trend="burst",
    ),
    Bug(
        "python-invoice-unicode",
        """\
Traceback (most recent call last):
{ENTRY}  File "{P}shop/invoices/render.py", line {L140}, in <lambda>
    lines = sorted(items, key=lambda item: item.title.encode("latin-1"))
UnicodeEncodeError: 'latin-1' codec can't encode character '\\u0142' in position {N}: ordinal not in range(256)
""",
        weight=10,
        users=4,
        trend="falling",
    ),
    Bug(
        "python-catalog-recursion",
        """\
Traceback (most recent call last):
{ENTRY}  File "{P}shop/catalog/tree.py", line {L44}, in breadcrumbs
    return [*breadcrumbs(category.parent), category.name]
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "{P}shop/catalog/tree.py", line {L44}, in breadcrumbs
    return [*breadcrumbs(category.parent), category.name]
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "{P}shop/catalog/tree.py", line {L44}, in breadcrumbs
    return [*breadcrumbs(category.parent), category.name]
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  [Previous line repeated {I} more times]
RecursionError: maximum recursion depth exceeded
""",
        weight=6,
        users=6,
        trend="fresh",
        since=3,
    ),
    Bug(
        "python-webhook-attribute",
        """\
Traceback (most recent call last):
{ENTRY}  File "{P}shop/webhooks/dispatch.py", line {L71}, in deliver
    endpoint = subscription.endpoint.url
               ^^^^^^^^^^^^^^^^^^^^^^^^^
AttributeError: 'NoneType' object has no attribute 'url'
""",
        weight=14,
        users=5,
    ),
)
