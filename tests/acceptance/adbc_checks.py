"""Checks by the ADBC driver of Flight SQL (written in Go, here through Python): pandas, polars, Harlequin, R and Power BI use it too."""

import os
import threading
import time
import warnings

import pyarrow as pa
from kit import ARGS, Fail, K, Skip, T, adbc, adbc_kwargs, big_mib, check, ensure, proc_cpu, proc_rss, short, stops_within, tmp, typed_sql, uri


@check("adbc.connect")
def _():
    with adbc() as c:
        with c.cursor() as cur:
            cur.execute("select 1 as one")
            ensure(cur.fetchone()[0] == 1)


@check("adbc.bad_password_rejected", "must")
def _():
    if not ARGS.user:
        raise Skip("no --user")
    import adbc_driver_flightsql.dbapi as d
    kw = {**adbc_kwargs(), "password": (ARGS.password or "") + "-wrong"}
    try:
        with d.connect(uri(), db_kwargs=kw, autocommit=True) as c, c.cursor() as cur:
            cur.execute("select 1")
    except Exception as e:
        ensure("nauth" in str(e).lower() or "permission" in str(e).lower(), lambda: "wrong status: " + short(e))
        return
    raise Fail("wrong password accepted")


@check("adbc.no_credentials_rejected", "must")
def _():
    if not (ARGS.user or ARGS.token):
        raise Skip("server has no auth")
    import adbc_driver_flightsql.dbapi as d
    kw = {k: v for k, v in adbc_kwargs().items() if k not in ("username", "password") and "authorization" not in k}
    try:
        with d.connect(uri(), db_kwargs=kw, autocommit=True) as c, c.cursor() as cur:
            cur.execute("select 1")
    except Exception:
        return
    raise Fail("anonymous query accepted")


@check("adbc.get_info", "should")
def _():
    with adbc() as c:
        i = c.adbc_get_info()
        ensure(i.get("vendor_name"), f"no vendor_name: {i}")
        return f"{i.get('vendor_name')} {i.get('vendor_version')}"


def objects(c, **kw):
    return c.adbc_get_objects(**kw).read_all().to_pylist()


@check("adbc.objects.catalogs")
def _():
    with adbc() as c:
        cats = [x["catalog_name"] for x in objects(c, depth="catalogs")]
        ensure(cats, "no catalogs")
        return str(cats)


@check("adbc.objects.schemas")
def _():
    with adbc() as c:
        o = objects(c, depth="db_schemas")
        s = [d["db_schema_name"] for x in o for d in (x["catalog_db_schemas"] or [])]
        ensure(s, "no schemas (GetDbSchemas is called without a catalog)")
        return str(s)


@check("adbc.objects.tables")
def _():
    with adbc() as c:
        o = objects(c, depth="tables")
        t = [t["table_name"] for x in o for d in (x["catalog_db_schemas"] or []) for t in (d["db_schema_tables"] or [])]
        ensure(T() in t, f"{T()} not in {t[:10]} (GetTables is called without a catalog)")


@check("adbc.objects.columns")
def _():
    with adbc() as c:
        o = objects(c, depth="all", table_name_filter=T())
        cols = [k for x in o for d in (x["catalog_db_schemas"] or []) for t in (d["db_schema_tables"] or []) for k in (t["table_columns"] or [])]
        ensure(any(k["column_name"] == K() for k in cols), f"column {K()} missing: {[k['column_name'] for k in cols][:10]}")


@check("adbc.objects.type_name", "should")
def _():
    with adbc() as c:
        o = objects(c, depth="all", table_name_filter=T())
        cols = [k for x in o for d in (x["catalog_db_schemas"] or []) for t in (d["db_schema_tables"] or []) for k in (t["table_columns"] or [])]
        ensure(cols, "no columns")
        ensure(all(k["xdbc_type_name"] for k in cols), "xdbc_type_name empty: ARROW:FLIGHT:SQL:TYPE_NAME metadata missing (Power BI ADBC cannot type columns)")


@check("adbc.objects.table_filter")
def _():
    with adbc() as c:
        o = objects(c, depth="tables", table_name_filter=T()[:2] + "%")
        t = [t["table_name"] for x in o for d in (x["catalog_db_schemas"] or []) for t in (d["db_schema_tables"] or [])]
        ensure(T() in t and all(n.startswith(T()[:2]) for n in t), str(t[:10]))


@check("adbc.objects.type_filter", "should")
def _():
    with adbc() as c:
        ty = c.adbc_get_table_types()
        o = objects(c, depth="tables", table_types_filter=["no such type"])
        t = [t for x in o for d in (x["catalog_db_schemas"] or []) for t in (d["db_schema_tables"] or [])]
        ensure(not t, "table type filter ignored")
        return str(ty)


@check("adbc.table_types", "should")
def _():
    with adbc() as c:
        t = c.adbc_get_table_types()
        ensure(t, "empty")
        return str(t)


@check("adbc.table_schema")
def _():
    with adbc() as c:
        s = c.adbc_get_table_schema(T())
        ensure(K() in s.names, str(s.names))


@check("adbc.query_reader")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute(f"select * from {T()} order by {K()} limit 10")
        t = cur.fetch_record_batch().read_all()
        ensure(t.num_rows <= 10 and K() in t.column_names, str(t.schema))


@check("adbc.empty_result_has_schema")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute(f"select * from {T()} where 1 = 0")
        t = cur.fetch_arrow_table()
        ensure(t.num_rows == 0 and K() in t.column_names, f"schema of an empty result: {t.schema.names}")


@check("adbc.aggregate_schema_consistent")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute(f"select count(*) as n, min({K()}) as lo, max({K()}) as hi from {T()}")
        ensure(cur.fetch_arrow_table().num_rows == 1)


@check("adbc.types_roundtrip")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute(typed_sql())
        t = cur.fetch_arrow_table()
        cur.execute(typed_sql())
        cur.fetchall()
        return f"{t.num_columns} columns"


@check("adbc.union_all_nullability", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        for k in range(20):  # a server that takes nullability from the first batch fails only sometimes
            cur.execute("select 1 as a union all select null" if k % 2 else "select null as a union all select 1")
            ensure(sorted(cur.fetch_arrow_table().column(0).to_pylist(), key=str) == [1, None])


@check("adbc.param_qmark")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute(f"select {K()} from {T()} order by {K()} limit 1")
        k = cur.fetchone()[0]
        cur.execute(f"select {K()} from {T()} where {K()} = ?", (k,))
        ensure([r[0] for r in cur.fetchall()] == [k])


@check("adbc.param_two_qmarks")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute(f"select count(*) from {T()} where {K()} >= ? and {K()} < ?", (2, 5))
        n = cur.fetchone()[0]
        cur.execute(f"select count(*) from {T()} where {K()} >= 2 and {K()} < 5")
        ensure(n == cur.fetchone()[0], f"got {n}")


@check("adbc.param_dollar")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute(f"select count(*) from {T()} where {K()} >= $1 and {K()} < $2", (2, 5))
        n = cur.fetchone()[0]
        cur.execute(f"select count(*) from {T()} where {K()} >= 2 and {K()} < 5")
        ensure(n == cur.fetchone()[0], f"got {n}")


@check("adbc.param_twelve", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute("select " + ", ".join(f"cast(${i} as bigint)" for i in range(1, 13)), tuple(range(1, 13)))
        ensure(list(cur.fetchone()) == list(range(1, 13)), "order of $1..$12 wrong (sorted as strings?)")


@check("adbc.param_untyped", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute("select ? as a, ? as b", (7, "x"))
        ensure(list(map(str, cur.fetchone())) == ["7", "x"])


@check("adbc.param_null_and_types", "should")
def _():
    import datetime as dt
    with adbc() as c, c.cursor() as cur:
        for v in (None, 1, 1.5, True, "é", b"\x00\x01", dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5)):
            cur.execute("select ? is null as isnull", (v,))
            ensure(cur.fetchone()[0] is (v is None), f"param {v!r}")


@check("adbc.param_rebind", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        q = f"select {K()} from {T()} where {K()} = ?"
        got = []
        for k in (3, 4):
            cur.execute(q, (k,))  # same text: the driver reuses the prepared statement
            got += [r[0] for r in cur.fetchall()]
        ensure(got == [3, 4], str(got))


@check("adbc.parameter_schema", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        s = cur.adbc_prepare(f"select * from {T()} where {K()} = ?")
        ensure(s is not None and len(s) == 1, f"parameter schema {s}")
        return str(s.field(0))


@check("adbc.execute_schema", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        s = cur.adbc_execute_schema(f"select * from {T()}")
        ensure(K() in s.names)


@check("adbc.low_level_get_schema_rpc", "nice")
def _():
    import adbc_driver_flightsql, adbc_driver_manager as m
    with adbc_driver_flightsql.connect(uri(), db_kwargs=adbc_kwargs()) as db, m.AdbcConnection(db) as cn, m.AdbcStatement(cn) as st:
        st.set_sql_query(f"select * from {T()}")
        h = st.execute_schema()  # GetSchema RPC (not prepared)
        ensure(K() in pa.Schema._import_from_c(h.address).names)


@check("adbc.unprepared_query", "must")
def _():
    import adbc_driver_flightsql, adbc_driver_manager as m
    with adbc_driver_flightsql.connect(uri(), db_kwargs=adbc_kwargs()) as db, m.AdbcConnection(db) as cn, m.AdbcStatement(cn) as st:
        st.set_sql_query(f"select count(*) from {T()}")
        h, _n = st.execute_query()
        ensure(pa.RecordBatchReader._import_from_c(h.address).read_all().num_rows == 1)


@check("adbc.partitions", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        parts, schema = cur.adbc_execute_partitions(f"select * from {T()}")
        ensure(parts, "no partitions")
        n = 0
        for p in parts:
            cur.adbc_read_partition(p)
            n += cur.fetch_arrow_table().num_rows
        return f"{len(parts)} partition(s), {n} rows"


@check("adbc.incremental_poll", "nice")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.adbc_statement.set_options(**{"adbc.statement.exec.incremental": "true"})
        parts, schema = cur.adbc_execute_partitions(f"select * from {T()}")
        ensure(parts, "no partitions from PollFlightInfo")


@check("adbc.autocommit_off", "should")
def _():
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        c = adbc(autocommit=False)
        bad = [str(x.message) for x in w if "autocommit" in str(x.message)]
        try:
            with c.cursor() as cur:
                cur.execute(f"select count(*) from {T()}")
                cur.fetchall()
            if not bad:
                c.commit()
                with c.cursor() as cur:
                    cur.execute("select 1")
                    cur.fetchall()
                c.rollback()
        finally:
            c.close()
        ensure(not bad, f"DB-API default (autocommit=False) warns: {bad[:1]}")


@check("adbc.current_catalog_schema", "should")
def _():
    with adbc() as c:
        return f"{c.adbc_current_catalog}.{c.adbc_current_db_schema}"


@check("adbc.set_current_schema", "should")
def _():
    with adbc(**{"adbc.flight.sql.rpc.with_cookie_middleware": "true"}) as c:
        s = c.adbc_current_db_schema
        c.adbc_current_db_schema = s
        ensure(c.adbc_current_db_schema == s)


@check("adbc.error_is_user_error")
def _():
    import adbc_driver_manager as m
    with adbc() as c, c.cursor() as cur:
        for q in ("selec 1", "select no_such_column from " + T(), "select * from no_such_table_xyz"):
            try:
                cur.execute(q)
                cur.fetchall()
            except Exception as e:
                code = getattr(e, "status_code", None)
                ensure(code in (m.AdbcStatusCode.INVALID_ARGUMENT, m.AdbcStatusCode.NOT_FOUND), f"{q!r} -> {code} ({short(e)[:160]})")
                ensure("{ " not in str(e) and "DataFusionError" not in str(e) and "SQL(" not in str(e), "debug-formatted error: " + short(e)[:200])
            else:
                raise Fail("no error for " + q)


@check("adbc.cancel_stops_server", "should", 180)
def _():
    with adbc() as c, c.cursor() as cur:
        res: dict = {}

        def run():
            try:
                cur.execute(ARGS.slow_sql)
                cur.fetchall()
                res["done"] = True
            except Exception as e:
                res["err"] = e
        th = threading.Thread(target=run, daemon=True)
        t0 = time.time()
        th.start()
        time.sleep(1.5)
        if not th.is_alive():
            raise Skip(f"--slow-sql ended in {time.time() - t0:.1f}s: {res}")
        cur.adbc_cancel()
        th.join(10)
        ensure(not th.is_alive() and "err" in res, f"client did not return after cancel: {res}")
        if not ARGS.server_pid:
            return "client side only (no --server-pid)"
        return stops_within(ARGS.server_pid, 5, "cancel")


@check("adbc.query_timeout", "nice", 60)
def _():
    with adbc(**{"adbc.flight.sql.rpc.timeout_seconds.query": "1.5", "adbc.flight.sql.rpc.timeout_seconds.fetch": "1.5"}) as c, c.cursor() as cur:
        t0 = time.time()
        try:
            cur.execute(ARGS.slow_sql)
            cur.fetchall()
        except Exception as e:
            ensure(time.time() - t0 < 6, "timeout ignored")
            if ARGS.server_pid:
                return stops_within(ARGS.server_pid, 5, "the deadline") + "; " + short(e)[:80]
            return short(e)[:80]
        raise Skip("query ended before the timeout")


@check("adbc.big_result", "must", 600)
def _():
    if not ARGS.big_sql:
        raise Skip("no --big-sql")
    rss0 = proc_rss(ARGS.server_pid) if ARGS.server_pid else 0
    peak = [rss0]
    stop = threading.Event()

    def mon():
        while not stop.is_set():
            peak[0] = max(peak[0], proc_rss(ARGS.server_pid)); time.sleep(0.05)
    if ARGS.server_pid:
        threading.Thread(target=mon, daemon=True).start()
    with adbc() as c, c.cursor() as cur:
        t0 = time.time()
        cur.execute(ARGS.big_sql)
        r = cur.fetch_record_batch()
        n = nb = 0
        ttfb = None
        for b in r:
            ttfb = ttfb or time.time() - t0
            n += b.num_rows; nb += 1
        dt = time.time() - t0
    stop.set()
    ensure(n == ARGS.big_rows, f"{n} rows, expected {ARGS.big_rows}")
    return f"{n} rows in {dt:.1f}s, first batch {ttfb:.2f}s, {nb} batches, server RSS +{peak[0] - rss0:.0f} MiB"


@check("adbc.backpressure", "should", 120)
def _():
    if not (ARGS.big_sql and ARGS.server_pid):
        raise Skip("needs --big-sql and --server-pid")
    with adbc() as c, c.cursor() as cur:
        rss0 = proc_rss(ARGS.server_pid)
        cur.execute(ARGS.big_sql)
        r = cur.fetch_record_batch()
        r.read_next_batch()
        time.sleep(4)  # read nothing: the server must stop producing
        a = proc_cpu(ARGS.server_pid); time.sleep(1)
        cpu = proc_cpu(ARGS.server_pid) - a
        grow = proc_rss(ARGS.server_pid) - rss0
        size = big_mib()
        ensure(grow < max(48, size / 4) and cpu < 0.3, f"server RSS +{grow:.0f} MiB, {cpu:.2f} cores while the client reads nothing (result {size:.0f} MiB)")
        return f"RSS +{grow:.0f} MiB of a {size:.0f} MiB result"


@check("adbc.big_cell", "should")
def _():
    with adbc() as c, c.cursor() as cur:
        cur.execute("select repeat('x', 6000000) as s")
        ensure(len(cur.fetchone()[0]) == 6_000_000)


@check("adbc.ddl_by_execute", "must", needs="write")
def _():
    with adbc() as c, c.cursor() as cur:
        t = tmp("ddl")
        cur.execute(f"create table {t} as select 1 as a")  # not fetched: must still take effect
        time.sleep(0.3)
        with c.cursor() as c2:
            c2.execute(f"select a from {t}")
            ensure(c2.fetchone()[0] == 1)
            c2.execute(f"drop table {t}")
            c2.fetchall()


@check("adbc.insert_executemany", "should", needs="write")
def _():
    with adbc() as c, c.cursor() as cur:
        t = tmp("ins")
        cur.execute(f"create table {t} (a bigint, b varchar)")
        cur.executemany(f"insert into {t} values (?, ?)", [(1, "x"), (2, "y"), (3, None)])
        rc = cur.rowcount
        cur.execute(f"select count(*) from {t}")
        n = cur.fetchone()[0]
        cur.execute(f"drop table {t}")
        ensure(n == 3, f"{n} rows after executemany of 3 (rowcount {rc})")


@check("adbc.ingest_modes", "must", needs="write")
def _():
    t = tmp("ing")
    d = pa.table({"a": [1, 2, 3], "s": ["x", "y", None]})

    def count(cur):
        cur.execute(f"select count(*) from {t}")
        return cur.fetchone()[0]
    with adbc() as c, c.cursor() as cur:
        n = cur.adbc_ingest(t, d, mode="create")
        ensure(n in (3, -1), f"rows {n}")
        ensure(count(cur) == 3)
        try:
            cur.adbc_ingest(t, d, mode="create")
        except Exception:
            pass
        else:
            raise Fail("mode=create on an existing table did not fail")
        cur.adbc_ingest(t, d, mode="append")
        ensure(count(cur) == 6)
        cur.adbc_ingest(t, d, mode="create_append")
        ensure(count(cur) == 9)
        cur.adbc_ingest(t, d, mode="replace")
        ensure(count(cur) == 3)
        try:
            cur.adbc_ingest(t + "_absent", d, mode="append")
        except Exception:
            pass
        else:
            raise Fail("mode=append on an absent table did not fail")
        cur.execute(f"drop table {t}")


@check("adbc.ingest_big_message", "must", needs="write", timeout=180)
def _():
    t = tmp("ingbig")
    n = 2_000_000  # one 16 MB batch, far over gRPC's 4 MiB default
    with adbc() as c, c.cursor() as cur:
        cur.adbc_ingest(t, pa.RecordBatch.from_arrays([pa.array(range(n), pa.int64())], ["a"]), mode="replace")
        cur.execute(f"select count(*) from {t}")
        ensure(cur.fetchone()[0] == n)
        cur.execute(f"drop table {t}")


@check("adbc.ingest_schema_target", "should", needs="write")
def _():
    t = tmp("ings")
    with adbc() as c, c.cursor() as cur:
        s = ARGS.write_schema or c.adbc_current_db_schema
        cur.adbc_ingest(t, pa.table({"a": [1]}), mode="create", db_schema_name=s)
        cur.execute(f'select a from "{s}".{t}')
        ensure(cur.fetchone()[0] == 1)
        cur.execute(f'drop table "{s}".{t}')


@check("adbc.ingest_in_transaction", "nice", needs="write")
def _():
    t = tmp("ingt")
    c = adbc(autocommit=False)
    try:
        with c.cursor() as cur:
            cur.adbc_ingest(t, pa.table({"a": [1]}), mode="create")
        c.rollback()
        with c.cursor() as cur:
            try:
                cur.execute(f"select * from {t}")
                cur.fetchall()
            except Exception:
                return
            raise Fail("rolled back ingest is visible")
    finally:
        c.close()
