//! `chatlake demo`.

use crate::folder::{Folder, RECORDS};

#[test]
fn the_sample_loads_without_rejects_and_a_second_time_changes_nothing() {
    let folder = Folder::new();
    let first = folder.chatlake(&["demo", "--no-serve"]).succeeded().stdout;
    for expected in [
        "the bundled sample: 19,590 records in ",
        "  accepted         19,590  rows: ",
        "  rejected              0\n",
        "Messages per day: tau-airline, the last 14 days",
        " 2024-11-29  ",
        "Users by sentiment",
        "Very Negative",
        "gratitude",
    ] {
        assert!(
            first.contains(expected),
            "`{expected}` is missing in: {first}"
        );
    }
    let counts =
        "SELECT count(*) AS messages, count(DISTINCT chatbot_id) AS chatbots FROM messages";
    assert_eq!(folder.csv(counts), "messages,chatbots\n9798,5\n");

    let second = folder.chatlake(&["demo", "--no-serve"]).succeeded().stdout;
    assert!(second.contains("  duplicates       19,590\n"), "{second}");
    assert!(second.contains("nothing was changed"), "{second}");
    assert_eq!(folder.csv(counts), "messages,chatbots\n9798,5\n");
    let numbers = |text: &str| text.split_once("\nChatbots\n").unwrap().1.to_owned();
    assert_eq!(numbers(&first), numbers(&second));
}

#[test]
fn it_can_be_pointed_at_other_files() {
    let folder = Folder::new();
    folder.write("mine.ndjson", RECORDS);
    let text = folder
        .chatlake(&["demo", "--no-serve", "--lake", "mine", "mine.ndjson"])
        .succeeded()
        .stdout;
    assert!(
        text.contains("Messages per day: shop, the last 2 days"),
        "{text}"
    );
    assert!(text.contains("Ada"), "{text}");
}

#[test]
fn without_messages_there_is_nothing_to_count() {
    let folder = Folder::new();
    folder.write("one.ndjson", RECORDS.lines().next().unwrap());
    let text = folder
        .chatlake(&["demo", "--no-serve", "--lake", "memory://", "one.ndjson"])
        .succeeded()
        .stdout;
    assert!(text.contains("No messages yet"), "{text}");
}
