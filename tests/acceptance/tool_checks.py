"""Checks by SQLAlchemy, polars, pandas and Harlequin, and by the JDBC driver."""

import os
import subprocess

from kit import ARGS, K, Raw, Skip, T, adbc, adbc_kwargs, check, ensure, locate, report, short, tmp, typed_sql, uri


def engine(**feat):
    import sqlalchemy as sa
    import flightsql.sqlalchemy  # noqa: F401  registers datafusion+flightsql
    q = []
    if not ARGS.tls:
        q.append("insecure=True")
    elif ARGS.skip_verify or ARGS.ca:
        q.append("disable_server_verification=True")  # the URL form cannot name a CA file
    if ARGS.token:
        q.append(f"token={ARGS.token}")
    q += [f"feature-{k}={v}" for k, v in feat.items()]
    auth = f"{ARGS.user}:{ARGS.password}@" if ARGS.user and not ARGS.token else ""
    return sa.create_engine(f"datafusion+flightsql://{auth}{ARGS.host}:{ARGS.port}?" + "&".join(q))


@check("sqlalchemy.connect")
def _():
    import sqlalchemy as sa
    with engine().connect() as c:
        ensure(c.execute(sa.text("select 1 as a")).fetchone()[0] == 1)


@check("sqlalchemy.inspect")
def _():
    import sqlalchemy as sa
    i = sa.inspect(engine())
    ensure(i.get_schema_names(), "no schemas")
    ensure(T() in i.get_table_names(), "no table")
    cols = [c["name"] for c in i.get_columns(T())]
    ensure(K() in cols, str(cols))
    ensure(i.has_table(T()))


@check("sqlalchemy.schema_arg")
def _():
    import sqlalchemy as sa
    _c, sch, _t = locate(Raw())
    i = sa.inspect(engine())
    ensure(T() in i.get_table_names(schema=sch))
    ensure(K() in [c["name"] for c in i.get_columns(T(), schema=sch)])


@check("sqlalchemy.core_select")
def _():
    import sqlalchemy as sa
    t = sa.table(T(), sa.column(K()))
    with engine().connect() as c:
        n = c.execute(sa.select(sa.func.count()).select_from(t).where(t.c[K()] <= 5)).scalar()
        ensure(n == 5, f"{n}")


@check("sqlalchemy.prepared_feature", "nice")
def _():
    import sqlalchemy as sa
    t = sa.table(T(), sa.column(K()))
    with engine(**{"sqlalchemy-prepared-statements": "on"}).connect() as c:
        n = c.execute(sa.select(sa.func.count()).select_from(t).where(t.c[K()] <= 5)).scalar()
        ensure(n == 5, f"{n}")


@check("polars.read_database")
def _():
    import polars as plr
    with adbc() as c:
        df = plr.read_database(f"select * from {T()} order by {K()} limit 5", connection=c)
        ensure(df.height == 5)


@check("polars.read_database_params", "should")
def _():
    import polars as plr
    with adbc() as c:
        df = plr.read_database(f"select {K()} from {T()} where {K()} = ?", connection=c, execute_options={"parameters": (3,)})
        ensure(df.to_series(0).to_list() == [3])


@check("polars.iter_batches", "should")
def _():
    import polars as plr
    with adbc() as c:
        n = sum(b.height for b in plr.read_database(f"select * from {T()}", connection=c, iter_batches=True, batch_size=100))
        ensure(n > 0)


@check("polars.read_database_uri", "should")
def _():
    import polars as plr
    if ARGS.user or ARGS.token:
        raise Skip("the URI form has no credentials for Flight SQL")
    df = plr.read_database_uri(f"select count(*) as n from {T()}", f"flightsql://{ARGS.host}:{ARGS.port}" + ("" if ARGS.tls else "?transport=tcp"), engine="adbc")
    ensure(df.height == 1)


@check("polars.write_database", "should", needs="write")
def _():
    import polars as plr
    t = tmp("pl")
    with adbc() as c:
        plr.DataFrame({"a": [1, 2], "s": ["x", None]}).write_database(t, connection=c, engine="adbc", if_table_exists="replace")
        ensure(plr.read_database(f"select count(*) as n from {t}", connection=c).item() == 2)
        with c.cursor() as cur:
            cur.execute(f"drop table {t}")


@check("pandas.read_sql")
def _():
    import pandas as pd
    with adbc() as c:
        df = pd.read_sql(f"select * from {T()} order by {K()} limit 5", c)
        ensure(len(df) == 5)


@check("pandas.read_sql_params", "should")
def _():
    import pandas as pd
    with adbc() as c:
        try:
            df = pd.read_sql(f"select {K()} from {T()} where {K()} = ?", c, params=(3,))
        except NotImplementedError as e:
            raise Skip("this pandas has no params for ADBC: " + short(e))
        ensure(df[K()].tolist() == [3])


@check("pandas.read_sql_table", "should")
def _():
    import pandas as pd
    with adbc() as c:
        ensure(len(pd.read_sql_table(T(), c)) > 0)


@check("pandas.types", "should")
def _():
    import pandas as pd
    with adbc() as c:
        pd.read_sql(typed_sql(), c)
        pd.read_sql(typed_sql(), c, dtype_backend="pyarrow")


@check("pandas.to_sql", "should", needs="write")
def _():
    import pandas as pd
    t = tmp("pd")
    with adbc() as c:
        for mode in ("fail", "append", "replace"):
            pd.DataFrame({"a": [1, 2], "s": ["x", None]}).to_sql(t, c, if_exists=mode, index=False)
        ensure(len(pd.read_sql(f"select * from {t}", c)) == 2)
        with c.cursor() as cur:
            cur.execute(f"drop table {t}")


def harlequin():
    import duckdb
    # `arrow()` was a table when harlequin-adbc 0.1.2 was written, and is a stream since DuckDB 1.4
    duckdb.DuckDBPyRelation.arrow = duckdb.DuckDBPyRelation.to_arrow_table
    from harlequin_adbc.adapter import HarlequinAdbcAdapter
    d = adbc_kwargs()
    if ARGS.client_cert:
        raise Skip("--adbc options of Harlequin cannot carry PEM text")
    if ARGS.ca:  # neither can they carry a CA
        d = {k: v for k, v in d.items() if "root_certs" not in k}
        d["adbc.flight.sql.client_option.tls_skip_verify"] = "true"
    kw = ";".join(f"{k}={v}" for k, v in d.items())
    return HarlequinAdbcAdapter(conn_str=[uri()], driver_type="flightsql", db_kwargs_str=kw or None).connect()


@check("harlequin.query")
def _():
    c = harlequin()
    cur = c.execute(f"select * from {T()}")
    ensure(cur is not None and cur.columns())
    cur.set_limit(10).fetchall()


@check("harlequin.catalog")
def _():
    cat = harlequin().get_catalog()
    tables = [r.label for db in cat.items for s in db.children for r in s.children]
    ensure(T() in tables, str(tables[:5]))


@check("jdbc.probe", "must", 600)
def _():
    """Runs JdbcProbe.java with the Apache flight-sql-jdbc-driver jar given by --jdbc-jar; adds one line per probe."""
    if not ARGS.jdbc_jar:
        raise Skip("no --jdbc-jar")
    url = f"jdbc:arrow-flight-sql://{ARGS.host}:{ARGS.port}/?useEncryption={'true' if ARGS.tls else 'false'}"
    if ARGS.tls and ARGS.skip_verify:
        url += "&disableCertificateVerification=true"
    if ARGS.ca:
        url += "&useSystemTrustStore=false&tlsRootCerts=" + ARGS.ca
    if ARGS.client_cert:
        url += f"&clientCertificate={ARGS.client_cert}&clientKey={ARGS.client_key}"
    env = {**os.environ, "JDBC_URL": url, "JDBC_USER": ARGS.user or "", "JDBC_PASSWORD": ARGS.password or "", "JDBC_TOKEN": ARGS.token or "",
           "T_TABLE": T(), "T_KEY": K(), "T_TYPES": typed_sql(), "T_BIG": ARGS.big_sql or "", "T_BIG_ROWS": str(ARGS.big_rows),
           "T_SLOW": ARGS.slow_sql, "T_WRITE": "1" if ARGS.write else "", "T_PREFIX": ARGS.write_prefix}
    src = os.path.join(os.path.dirname(os.path.abspath(__file__)), "JdbcProbe.java")
    out = subprocess.run(["java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", ARGS.jdbc_jar, src], env=env, capture_output=True, text=True, timeout=580)
    n = 0
    for line in out.stdout.splitlines():
        p = line.split(" ", 3)
        if len(p) >= 3 and p[0] in ("PASS", "FAIL", "SKIP"):
            n += 1
            detail = p[3] if len(p) > 3 else ""
            report({"status": p[0], "level": p[1], "name": "jdbc." + p[2], "detail": detail[:400]})
    ensure(n and out.returncode == 0, f"{n} probes, ended with {out.returncode}: {(out.stderr or out.stdout)[-300:]}")
    return f"{n} probes"
