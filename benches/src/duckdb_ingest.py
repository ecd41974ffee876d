"""The same work in DuckDB: `duckdb_ingest.py parquet|ndjson INPUT OUTPUT`; prints one JSON object with what it cost."""

import json
import os
import sys
import time

import duckdb

NDJSON_COLUMNS = {
    "type": "VARCHAR",
    "chatbot_id": "VARCHAR",
    "conversationId": "VARCHAR",
    "conversation_id": "VARCHAR",
    "message_id": "VARCHAR",
    "annotated_at": "BIGINT",
    "messages": "STRUCT(id VARCHAR, role VARCHAR, content VARCHAR, sentAt BIGINT)[]",
    "sentiment": "STRUCT(score DOUBLE)",
    "behavior_flags": "VARCHAR[]",
    "intent": "VARCHAR",
    "topics": "VARCHAR[]",
}


def copy(connection, query, output):
    options = "FORMAT parquet, COMPRESSION zstd, PARTITION_BY (chatbot_id, day), OVERWRITE_OR_IGNORE"
    connection.execute(f"COPY ({query}) TO '{output}' ({options})")


def parquet(connection, source, output):
    copy(connection, f"SELECT *, CAST(sent_at AS DATE) AS day FROM read_parquet('{source}/*.parquet')", output)


def ndjson(connection, source, output):
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in NDJSON_COLUMNS.items())
    connection.execute(
        f"CREATE TEMP TABLE r AS SELECT * FROM read_json('{source}', format='newline_delimited', columns={{{columns}}})"
    )
    messages = """
        SELECT chatbot_id, conversationId AS conversation_id, x.id AS message_id, make_timestamp_ms(x.sentAt) AS sent_at,
               x.role AS role, x.content AS content, CAST(make_timestamp_ms(x.sentAt) AS DATE) AS day
        FROM (SELECT *, unnest(messages) AS x FROM r WHERE type = 'capture')"""
    annotations = """
        SELECT chatbot_id, conversation_id, message_id, make_timestamp_ms(annotated_at) AS annotated_at,
               sentiment.score AS sentiment_score, behavior_flags, intent, topics,
               CAST(make_timestamp_ms(annotated_at) AS DATE) AS day
        FROM r WHERE type = 'annotation'"""
    copy(connection, messages, f"{output}/messages")
    copy(connection, annotations, f"{output}/annotations")


def main():
    kind, source, output = sys.argv[1:]
    os.makedirs(output, exist_ok=True)
    connection = duckdb.connect(os.path.join(output, "scratch.duckdb"))
    connection.execute("SET TimeZone = 'UTC'")
    started = time.perf_counter()
    {"parquet": parquet, "ndjson": ndjson}[kind](connection, source, output)
    seconds = time.perf_counter() - started
    connection.close()
    with open("/proc/self/status", encoding="ascii") as status:
        peak_kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_kib * 1024, "version": duckdb.__version__}))


main()
