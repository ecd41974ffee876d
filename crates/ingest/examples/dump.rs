use arrow::array::*;
use arrow::datatypes::*;
use serde_json::{Value, json, Map};
use chatlake_ingest::*;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read(path).unwrap();
    let chunk = Chunk { first_line: 1, text, is_followed_by_too_long: false };
    let d = decode(&chunk, DecodeSettings { received_at: 1773331200000000, line_bytes_max: 16<<20, wants_rejects: false, wants_outcomes: true, details_max: 10 }).unwrap();
    let mut rows: Vec<(i64, Value)> = vec![];
    for r in d.rows {
        let t = r.table();
        let b = r.into_batch(1).unwrap();
        for i in 0..b.num_rows() {
            let mut m = Map::new();
            m.insert("table".into(), json!(t.name));
            for (c, a) in t.columns.iter().zip(b.columns()) {
                if a.is_null(i) { continue; }
                let v = match a.data_type() {
                    DataType::Utf8 => { let s = a.as_string::<i32>().value(i); if c.column_type == chatlake_schema::ColumnType::Json { serde_json::from_str::<Value>(s).unwrap_or_else(|_| json!({"RAW": s})) } else { json!(s) } }
                    DataType::Int64 => json!(a.as_primitive::<Int64Type>().value(i)),
                    DataType::Float64 => json!(a.as_primitive::<Float64Type>().value(i)),
                    DataType::Boolean => json!(a.as_boolean().value(i)),
                    DataType::Timestamp(_, _) => { let v = a.as_primitive::<TimestampMicrosecondType>().value(i); json!(chrono::DateTime::from_timestamp_micros(v).unwrap().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()) }
                    DataType::Decimal128(_, s) => { let v = a.as_primitive::<Decimal128Type>().value(i); json!(format!("{}{}.{:0w$}", if v<0 {"-"} else {""}, v.abs()/10i128.pow(*s as u32), v.abs()%10i128.pow(*s as u32), w=*s as usize)) }
                    DataType::List(_) => { let l = a.as_list::<i32>().value(i); json!(l.as_string::<i32>().iter().map(|x| x.unwrap().to_string()).collect::<Vec<_>>()) }
                    _ => panic!(),
                };
                m.insert(c.name.clone(), v);
            }
            rows.push((m["ingest_seq"].as_i64().unwrap(), Value::Object(m)));
        }
    }
    rows.sort_by_key(|r| r.0);
    for r in rows { println!("{}", r.1); }
    eprint!("{}", String::from_utf8_lossy(&d.outcome_lines));
}
