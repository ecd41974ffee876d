//! scratch
use std::sync::Arc;
use datafusion::prelude::*;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::common::{ParamValues, ScalarValue, TableReference};
use datafusion::datasource::MemTable;
use arrow::datatypes::*;
fn env(n:&str)->Option<String>{ #[allow(clippy::disallowed_methods)] std::env::var(n).ok() }
#[tokio::test(flavor="multi_thread")]
async fn diff() {
    let Some(dir)=env("VDIR") else {return};
    for job in env("VJOBS").unwrap().split(';') {
        // job: data dir under VDIR, as_of
        let (set,as_of)=job.split_once('@').unwrap();
        run(&format!("{dir}/{set}"),as_of).await;
    }
}
async fn run(dir:&str,as_of:&str){
    let parts:usize=env("VPARTS").map_or(2,|p|p.parse().unwrap());
    let ctx=SessionContext::new_with_config(SessionConfig::new().with_target_partitions(parts));
    let cat=ctx.catalog("datafusion").unwrap();
    cat.register_schema("stored",Arc::new(MemorySchemaProvider::new())).unwrap();
    for t in chatlake_schema::tables(){
        let text=|d:&DataType| match d {DataType::Utf8=>DataType::Utf8View,DataType::List(_)=>DataType::List(Arc::new(Field::new("item",DataType::Utf8View,true))),o=>o.clone()};
        let mut f:Vec<Field>=t.arrow_schema().fields().iter().map(|f|Field::new(f.name(),text(f.data_type()),f.is_nullable())).collect();
        if t.is_partitioned(){f.push(Field::new("day",DataType::Date32,false));}
        let schema=Arc::new(Schema::new(f));
        let file=std::fs::File::open(format!("{dir}/stored/{}.ndjson",t.name)).unwrap();
        let r=arrow::json::ReaderBuilder::new(schema.clone()).with_batch_size(8192).build(std::io::BufReader::new(file)).unwrap();
        let b:Vec<_>=r.map(|b|b.unwrap()).collect();
        let half=b.len()/2; let (x,y)=b.split_at(half);
        ctx.register_table(TableReference::partial("stored",t.name.as_str()),Arc::new(MemTable::try_new(schema,vec![y.to_vec(),x.to_vec()]).unwrap())).unwrap();
    }
    let ns=arrow::compute::kernels::cast_utils::string_to_timestamp_nanos(as_of).unwrap();
    let p=||ScalarValue::TimestampMicrosecond(Some(ns/1000),Some("UTC".into()));
    let mut w:Vec<_>=chatlake_analytics::views().iter().collect();
    while !w.is_empty(){ let mut n=vec![];
        for v in w { match ctx.state().create_logical_plan(&v.sql).await {
            Ok(plan)=>{let plan=plan.with_param_values(ParamValues::from(vec![("as_of",p()),("now",p())])).unwrap(); ctx.register_table(v.name.as_str(),Arc::new(ViewTable::new(plan,None))).unwrap();}
            Err(_)=>n.push(v)}}
        w=n;}
    let out=format!("{dir}/out_{}",as_of.replace(':',""));
    std::fs::create_dir_all(&out).unwrap();
    let only=env("VONLY");
    for v in chatlake_analytics::views(){
        if let Some(o)=&only { if !o.split(',').any(|o|o==v.name){continue} }
        let cb=env("VCB").map_or(String::new(),|c|format!(" WHERE chatbot_id='{c}'"));
        let t=std::time::Instant::now();
        let b=ctx.sql(&format!("SELECT * FROM {}{cb}",v.name)).await.unwrap().collect().await.unwrap();
        let n:usize=b.iter().map(|b|b.num_rows()).sum();
        println!("{:28} {:>8} rows {:>8.1} ms",v.name,n,t.elapsed().as_secs_f64()*1e3);
        if env("VNOOUT").is_some(){continue}
        let f=std::fs::File::create(format!("{out}/{}.ndjson",v.name)).unwrap();
        let mut wr=arrow::json::LineDelimitedWriter::new(std::io::BufWriter::new(f));
        let casted:Vec<_>=b.iter().map(|b|{
            let cols:Vec<_>=b.columns().iter().map(|c| match c.data_type(){DataType::Utf8View=>arrow::compute::cast(c,&DataType::Utf8).unwrap(),
              DataType::List(_)=>arrow::compute::cast(c,&DataType::List(Arc::new(Field::new("item",DataType::Utf8,true)))).unwrap(),
              DataType::Decimal128(_,_)=>arrow::compute::cast(c,&DataType::Utf8).unwrap(),
              DataType::Timestamp(_,_)=>arrow::compute::cast(c,&DataType::Int64).unwrap(),_=>c.clone()}).collect();
            arrow::array::RecordBatch::try_from_iter_with_nullable(b.schema().fields().iter().zip(cols).map(|(f,c)|(f.name().clone(),c,true))).unwrap()
        }).collect();
        for b in &casted{wr.write(b).unwrap();}
        wr.finish().unwrap();
    }
}
