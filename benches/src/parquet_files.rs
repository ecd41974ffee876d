//! Bulk Parquet files in the canonical columns of the stored table `messages` (specification §2.6, §3.1).
//!
//! Guarantees: bounded memory whatever the size; files are not partitioned and only roughly in order of time, as exports are.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::conversations::{Conversation, Conversations, Message, Sender, Shape};
use crate::{Error, Result};

const BATCH_ROWS: usize = 128 << 10;
const FILE_ROWS_TARGET: u64 = 2_500_000;

/// Rows of `messages` on their way into a batch.
struct Rows {
    row_count: usize,
    texts: [StringBuilder; 9],
    instants: [TimestampMicrosecondBuilder; 2],
    flags: [BooleanBuilder; 2],
    ingest_seq: Int64Builder,
}

const TEXT_COLUMNS: [&str; 9] = [
    "chatbot_id",
    "conversation_id",
    "message_id",
    "sender_type",
    "role",
    "direction",
    "content",
    "agent_id",
    "broadcast_id",
];

impl Rows {
    fn new() -> Self {
        Self {
            row_count: 0,
            texts: std::array::from_fn(|_| StringBuilder::new()),
            instants: std::array::from_fn(|_| {
                TimestampMicrosecondBuilder::new().with_timezone("UTC")
            }),
            flags: std::array::from_fn(|_| BooleanBuilder::new()),
            ingest_seq: Int64Builder::new(),
        }
    }

    fn push(&mut self, conversation: &Conversation, message: &Message, ingest_seq: i64) {
        let sender = message.sender;
        let direction = match sender {
            Sender::Customer => "inbound",
            Sender::System => "internal",
            _ if message.is_private => "internal",
            _ => "outbound",
        };
        let is_visible =
            !message.is_private && !matches!(sender, Sender::Broadcast | Sender::System);
        let agent_id = message.agent.map(|number| format!("ag_{number:02}"));
        let broadcast_id = (sender == Sender::Broadcast).then(|| format!("br_{}", ingest_seq % 12));
        let chatbot_id = conversation.chatbot_id();
        let values = [
            Some(chatbot_id.as_str()),
            Some(&conversation.id),
            Some(&message.id),
            Some(sender.name()),
            Some(sender.role()),
            Some(direction),
            Some(&message.content),
            agent_id.as_deref(),
            broadcast_id.as_deref(),
        ];
        self.texts
            .iter_mut()
            .zip(values)
            .for_each(|(builder, value)| builder.append_option(value));
        self.instants[0].append_value(message.sent_at_micros);
        self.instants[1].append_value(message.sent_at_micros + 400_000);
        self.flags[0].append_value(is_visible);
        self.flags[1].append_value(message.is_private);
        self.ingest_seq.append_value(ingest_seq);
        self.row_count += 1;
    }

    fn finish(&mut self) -> Result<RecordBatch> {
        let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
        for (name, builder) in TEXT_COLUMNS.into_iter().zip(&mut self.texts) {
            columns.push((name, Arc::new(builder.finish())));
        }
        for (name, builder) in ["sent_at", "received_at"]
            .into_iter()
            .zip(&mut self.instants)
        {
            columns.push((name, Arc::new(builder.finish())));
        }
        for (name, builder) in ["is_visible", "is_private"]
            .into_iter()
            .zip(&mut self.flags)
        {
            columns.push((name, Arc::new(builder.finish())));
        }
        columns.push(("ingest_seq", Arc::new(self.ingest_seq.finish())));
        self.row_count = 0;
        Ok(RecordBatch::try_from_iter(columns)?)
    }
}

/// Files of one folder, one after the other.
struct Files {
    folder: PathBuf,
    paths: Vec<PathBuf>,
    writer: Option<ArrowWriter<File>>,
    row_count: u64,
}

impl Files {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.create(batch)?,
        };
        writer.write(batch)?;
        self.row_count += batch.num_rows() as u64;
        if self.row_count >= FILE_ROWS_TARGET * self.paths.len() as u64 {
            writer.close()?;
        } else {
            self.writer = Some(writer);
        }
        Ok(())
    }

    fn create(&mut self, batch: &RecordBatch) -> Result<ArrowWriter<File>> {
        let path = self.folder.join(format!("{:04}.parquet", self.paths.len()));
        let file =
            File::create(&path).map_err(Error::io(format!("create `{}`", path.display())))?;
        self.paths.push(path);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(BATCH_ROWS))
            .build();
        Ok(ArrowWriter::try_new(
            file,
            batch.schema(),
            Some(properties),
        )?)
    }
}

/// Writes all messages of `shape` into Parquet files in `folder`; returns the files and the number of rows.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_messages(shape: Shape, folder: &Path) -> Result<(Vec<PathBuf>, u64)> {
    std::fs::create_dir_all(folder).map_err(Error::io(format!("create `{}`", folder.display())))?;
    let mut files = Files {
        folder: folder.to_owned(),
        paths: Vec::new(),
        writer: None,
        row_count: 0,
    };
    let mut rows = Rows::new();
    let mut ingest_seq = 0;
    for conversation in Conversations::new(shape) {
        for message in &conversation.messages {
            rows.push(&conversation, message, ingest_seq);
            ingest_seq += 1;
        }
        if rows.row_count >= BATCH_ROWS {
            files.write(&rows.finish()?)?;
        }
    }
    if rows.row_count > 0 {
        files.write(&rows.finish()?)?;
    }
    if let Some(writer) = files.writer.take() {
        writer.close()?;
    }
    Ok((files.paths, files.row_count))
}
