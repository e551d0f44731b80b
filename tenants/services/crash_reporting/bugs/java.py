"""Bugs of the orders service, in Java. Data only; the blanks are those of `bug.py`."""

from tenants.services.crash_reporting.bugs.bug import App, Bug

ORDERS_SERVICE = App(
    name="orders-service",
    language="java",
    versions=("2.30.0", "2.31.0", "2.31.1", "2.32.0"),
    systems=("Debian 12", "Red Hat Enterprise Linux 9", "Amazon Linux 2023"),
    prefixes=("",),
    entries=(
        """\
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:255)
\tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1089)
\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:140)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
""",
        """\
\tat jdk.internal.reflect.GeneratedMethodAccessor{N}.invoke(Unknown Source)
\tat org.springframework.kafka.listener.KafkaMessageListenerContainer$ListenerConsumer.doInvokeRecordListener(KafkaMessageListenerContainer.java:2873)
\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
""",
        """\
\tat com.shop.orders.Application$$SpringCGLIB$${N}.invoke(<generated>)
\tat org.springframework.aop.framework.CglibAopProxy.invokeMethod(CglibAopProxy.java:355)
\tat java.base/java.util.concurrent.FutureTask.run(FutureTask.java:317)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
""",
    ),
)

BUGS = (
    Bug(
        "java-line-total-npe",
        """\
java.lang.NullPointerException: Cannot invoke "com.shop.orders.Price.amount()" because "<local{N}>" is null
\tat com.shop.orders.OrderTotals.lambda$sum${N}(OrderTotals.java:{L83})
\tat java.base/java.util.stream.ReferencePipeline$3$1.accept(ReferencePipeline.java:197)
\tat java.base/java.util.stream.AbstractPipeline.evaluate(AbstractPipeline.java:265)
\tat com.shop.orders.OrderTotals.sum(OrderTotals.java:{L80})
\tat com.shop.orders.OrderService.place(OrderService.java:{L141})
{ENTRY}""",
        weight=30,
        users=30,
        trend="rising",
        since=1,
    ),
    Bug(
        "java-optimistic-lock",
        """\
org.springframework.orm.ObjectOptimisticLockingFailureException: Row was updated or deleted by another transaction (or unsaved-value mapping was incorrect) : [com.shop.orders.Order#{I}]
\tat org.springframework.orm.jpa.vendor.HibernateJpaDialect.convertHibernateAccessException(HibernateJpaDialect.java:325)
\tat com.shop.orders.OrderRepository.save(OrderRepository.java:{L58})
\tat com.shop.orders.OrderService.cancel(OrderService.java:{L212})
{ENTRY}Caused by: org.hibernate.StaleObjectStateException: Row was updated or deleted by another transaction (or unsaved-value mapping was incorrect) : [com.shop.orders.Order#{I}]
\tat org.hibernate.persister.entity.AbstractEntityPersister.check(AbstractEntityPersister.java:2651)
\tat com.shop.orders.OrderRepository.flush(OrderRepository.java:{L61})
\tat com.shop.orders.OrderRepository.save(OrderRepository.java:{L58})
\t... {N} more
""",
        weight=18,
        users=8,
    ),
    Bug(
        "java-carrier-timeout",
        """\
com.shop.shipping.CarrierException: no label for order {I}
\tat com.shop.shipping.LabelClient.create(LabelClient.java:{L97})
\tat com.shop.shipping.ShipmentJob.run(ShipmentJob.java:{L44})
{ENTRY}Caused by: java.net.http.HttpTimeoutException: request timed out
\tat java.net.http/jdk.internal.net.http.HttpClientImpl.send(HttpClientImpl.java:955)
\tat com.shop.shipping.LabelClient.post(LabelClient.java:{L121})
\tat com.shop.shipping.LabelClient.create(LabelClient.java:{L92})
\t... {N} more
""",
        weight=24,
        users=15,
        trend="burst",
    ),
    Bug(
        "java-export-memory",
        """\
java.lang.OutOfMemoryError: Java heap space
\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)
\tat java.base/java.io.ByteArrayOutputStream.write(ByteArrayOutputStream.java:132)
\tat com.shop.exports.CsvExport.append(CsvExport.java:{L69})
\tat com.shop.exports.CsvExport.writeAll(CsvExport.java:{L54})
{ENTRY}""",
        weight=7,
        users=2,
        trend="falling",
    ),
    Bug(
        "java-enum-currency",
        """\
java.lang.IllegalArgumentException: No enum constant com.shop.money.Currency.XX{N}
\tat java.base/java.lang.Enum.valueOf(Enum.java:293)
\tat com.shop.money.Currency.valueOf(Currency.java:{L12})
\tat com.shop.orders.OrderMapper.toOrder(OrderMapper.java:{L75})
{ENTRY}""",
        weight=12,
        users=9,
        trend="fresh",
        since=3,
    ),
    Bug(
        "java-concurrent-basket",
        """\
java.util.ConcurrentModificationException
\tat java.base/java.util.ArrayList$Itr.checkForComodification(ArrayList.java:1095)
\tat java.base/java.util.ArrayList$Itr.next(ArrayList.java:1049)
\tat com.shop.orders.Basket.removeExpired(Basket.java:{L133})
\tat com.shop.orders.BasketSweeper$$Lambda/{A}.run(Unknown Source)
{ENTRY}""",
        weight=11,
        users=6,
    ),
    Bug(
        "java-class-cast-event",
        """\
java.lang.ClassCastException: class com.shop.events.OrderPaid cannot be cast to class com.shop.events.OrderPlaced (com.shop.events.OrderPaid and com.shop.events.OrderPlaced are in unnamed module of loader org.springframework.boot.loader.launch.LaunchedClassLoader @{A})
\tat com.shop.events.OrderPlacedListener.onMessage(OrderPlacedListener.java:{L38})
\tat com.shop.events.EventRouter.route(EventRouter.java:{L90})
{ENTRY}""",
        weight=9,
        users=3,
    ),
)
