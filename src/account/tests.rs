//! Documents of the sources, as AWS describes them: facts and names are AWS's, values are ours.

use super::*;
use crate::model::RequestId;

const ID: &str = "6d1f7c1a-83f0-4b7e-9a50-0c3f4be5a001";

/// A record of a function's destination, with a payload that nobody may see.
fn record(condition: &str, invokes: u32) -> String {
    format!(
        r#"{{"version":"1.0","timestamp":"2026-03-01T10:04:05.568Z","requestContext":{{"requestId":"{ID}","functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders:$LATEST","condition":"{condition}","approximateInvokeCount":{invokes}}},"requestPayload":{{"card":"PAYLOAD","requestContext":3}},"responseContext":{{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"}},"responsePayload":{{"errorMessage":"PAYLOAD"}}}}"#
    )
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn read(text: &str) -> Result<Destinations, String> {
    let mut events = Destinations::default();
    events.read(text.as_bytes(), "queue.json").map(|()| events)
}

fn of_name(name: Option<&str>) -> CaughtFunction<'_> {
    CaughtFunction { name, ..CaughtFunction::default() }
}

/// Returns what caught the event, by kind, condition and time.
fn caught(text: &str, function: Option<&str>) -> Option<(String, Option<String>, Option<String>)> {
    let events = read(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let event = events.find(RequestId::read(ID).unwrap(), of_name(function))?;
    assert!(!format!("{events:?}").contains("PAYLOAD"), "a payload was kept: {events:?}");
    let by = event.caught_by();
    assert_eq!(by.input, "queue.json");
    Some((by.kind, by.condition, by.at))
}

#[test]
fn a_record_is_read_in_whatever_it_is_packed() {
    let record = record("RetriesExhausted", 3);
    let body = quoted(&record);
    let notification = format!(r#"{{"Type":"Notification","TopicArn":"t","Message":{body},"Timestamp":"x"}}"#);
    let detail = format!(
        r#"{{"version":"0","detail-type":"Lambda Function Invocation Result - Failure","source":"lambda","detail":{record}}}"#
    );
    let messages = |body: &str| format!(r#"{{"Messages":[{{"MessageId":"m","ReceiptHandle":"r","Body":{body}}}]}}"#);
    for text in [
        record.clone(),
        format!("[{record}]"),
        format!("{record}\n{record}\n"),
        messages(&body),
        messages(&quoted(&notification)),
        messages(&quoted(&detail)),
        notification.clone(),
        detail.clone(),
        format!(r#"{{"Records":[{{"messageId":"m","body":{body},"eventSource":"aws:sqs"}}]}}"#),
        format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{notification}}}]}}"#),
    ] {
        let want = ("destination", "RetriesExhausted", "2026-03-01T10:04:05.568Z");
        let found = caught(&text, Some("orders")).unwrap_or_else(|| panic!("not found: {text}"));
        assert_eq!((&*found.0, found.1.as_deref().unwrap(), found.2.as_deref().unwrap()), want, "{text}");
        assert_eq!(caught(&text, Some("payments")), None, "another function has the id");
    }
}

#[test]
fn destinations_of_mappings_and_dead_letter_queues_are_told_apart() {
    let mapping = format!(
        r#"{{"requestContext":{{"requestId":"{ID}","functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders","condition":"RetryAttemptsExhausted","approximateInvokeCount":1}},"responseContext":{{"statusCode":200}},"version":"1.0","timestamp":"2026-03-01T10:04:05.568Z","KinesisBatchInfo":{{"shardId":"shardId-1","batchSize":2,"streamArn":"s"}},"payload":"{{\"Records\":[\"PAYLOAD\"]}}"}}"#
    );
    assert_eq!(caught(&mapping, Some("orders")).unwrap().0, "mapping_destination");
    let attributes = |key: &str, value: &str| {
        format!(r#""{key}":{{"RequestID":{{"{value}":"{ID}","DataType":"String"}},"ErrorCode":{{"{value}":"200"}}}}"#)
    };
    for (attributes, body) in [
        (attributes("MessageAttributes", "StringValue"), r#""Body":"{\"order\":\"PAYLOAD\"}""#),
        (attributes("messageAttributes", "stringValue"), r#""body":"PAYLOAD""#),
        (attributes("MessageAttributes", "Value"), r#""Type":"Notification","Message":"PAYLOAD""#),
    ] {
        let text =
            format!(r#"{{"Messages":[{{{body},"Attributes":{{"SentTimestamp":"1772359445568"}},{attributes}}}]}}"#);
        let want = ("dead_letter_queue".to_owned(), None, Some("2026-03-01T10:04:05.568Z".to_owned()));
        assert_eq!(caught(&text, Some("any")), Some(want), "{text}");
    }
}

#[test]
fn of_what_is_not_a_record_nothing_is_taken() {
    // The event in a queue's own dead-letter queue: an event of API Gateway, which has a context, and a text.
    let text = r#"{"Messages":[{"Body":"{\"requestContext\":{\"requestId\":\"6d1f7c1a-83f0-4b7e-9a50-0c3f4be5a001\"}}"},{"Body":"plain"}]}"#;
    let events = read(text).unwrap();
    assert!(events.is_empty());
    assert!(events.notes()[0].starts_with("queue.json: 2 messages without the id"), "{:?}", events.notes());
    // An id without the code of an error is that of a producer.
    let by_producer =
        format!(r#"{{"Messages":[{{"Body":"x","MessageAttributes":{{"RequestID":{{"StringValue":"{ID}"}}}}}}]}}"#);
    assert!(read(&by_producer).unwrap().is_empty());
    // A condition that is no word, and a success.
    assert!(read(&record("<b>x</b>", 3)).is_err(), "the only record has a condition that AWS does not write");
    assert!(read(&record("Success", 1)).unwrap().is_empty());
    assert!(read("").unwrap().is_empty() && read("[]").unwrap().is_empty(), "a queue may be empty");
    for wrong in ["{}", "START RequestId: 1", "{\"Messages\":[]}"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_nobody_ran_is_left() {
    let events = read(&record("EventAgeExceeded", 0)).unwrap();
    let unseen = events.unseen();
    assert_eq!((unseen.len(), unseen[0].never_ran), (1, true));
    assert!(events.find(RequestId::read(ID).unwrap(), of_name(Some("orders"))).is_some());
    assert!(events.unseen().is_empty());
    assert!(!read(&record("RetriesExhausted", 3)).unwrap().unseen()[0].never_ran);
}
