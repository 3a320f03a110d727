//! Answers of `GetMetricData` as the AWS CLI prints them and the API gives them: what they tell, and what is left out.

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_prefix(text.as_bytes()).unwrap().0
}

fn nowhere() -> MetricPlace {
    MetricPlace::default()
}

fn hour() -> MetricWindow {
    MetricWindow::of_log(at("2026-03-01T10:00:00.000Z"), at("2026-03-01T10:59:59.999Z"), false).unwrap()
}

/// Returns an answer to all queries, with these data points of metrics; the others have none.
fn answer(calls: &[MetricDataCall], points: &[(&str, f64)], status: &str) -> String {
    let results = calls.iter().flat_map(|call| &call.metric_data_queries).map(|query| {
        let name = query.metric_stat.metric.metric_name;
        let values: Vec<f64> = points.iter().filter(|(metric, _)| *metric == name).map(|(_, value)| *value).collect();
        let times: Vec<String> = (0..values.len()).map(|at| format!("2026-03-01T10:0{at}:00+00:00")).collect();
        serde_json::json!({"Id": query.id, "Label": query.label, "Timestamps": times, "Values": values, "StatusCode": status})
    });
    serde_json::json!({"MetricDataResults": results.collect::<Vec<_>>(), "Messages": []}).to_string()
}

fn read(text: &str) -> FunctionMetrics {
    let mut metrics = FunctionMetrics::default();
    metrics.read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    metrics
}

#[test]
fn an_answer_to_our_query_tells_each_metric_of_its_function() {
    let calls = calls(["orders", "pay_2"], &nowhere(), hour(), at("2026-03-01T12:00:00.000Z"));
    let metrics = read(&answer(&calls, &[("Throttles", 7.0), ("Throttles", 2.0), ("IteratorAge", 3.5)], "Complete"));
    assert_eq!(metrics.functions().map(|(name, _)| name).collect::<Vec<_>>(), ["orders", "pay_2"]);
    let orders = metrics.of(Some("orders"), None, None).unwrap();
    assert_eq!((orders.throttles, orders.invocations, orders.iterator_age_max_ms), (Some(9), Some(0), Some(4)));
    assert!(orders.settled);
    assert_eq!(orders.end.as_deref(), Some("2026-03-01T11:00:00.000Z"));
    assert!(metrics.of(Some("other"), None, None).is_none() && metrics.of(None, None, None).is_none());
}

#[test]
fn what_is_not_complete_is_not_known() {
    let calls = calls(["orders"], &nowhere(), hour(), at("2026-03-01T11:01:00.000Z"));
    for status in ["PartialData", "InternalError", "Forbidden", "<script>"] {
        let metrics = read(&answer(&calls, &[("Throttles", 7.0)], status));
        let orders = metrics.of(Some("orders"), None, None).unwrap();
        assert_eq!((orders.throttles, orders.invocations), (None, None), "{status}");
        assert!(!orders.settled, "it was asked for a minute after its end");
        assert_eq!(metrics.notes().len(), 1);
        assert!(!metrics.notes()[0].contains('<'));
    }
    // A later page completes nothing that an earlier one lacks.
    let text =
        answer(&calls, &[("Throttles", 7.0)], "PartialData") + &answer(&calls, &[("Throttles", 1.0)], "Complete");
    assert_eq!(read(&text).of(Some("orders"), None, None).unwrap().throttles, None);
    // Pages of one answer add up.
    let page = answer(&calls, &[("Throttles", 1.0)], "Complete").replace("T10:00:00+00:00", "T10:30:00+00:00");
    let text = answer(&calls, &[("Throttles", 7.0)], "Complete") + &page;
    assert_eq!(read(&text).of(Some("orders"), None, None).unwrap().throttles, Some(8));
    // The same answer read twice does not.
    assert_eq!(read(&(text.clone() + &text)).of(Some("orders"), None, None).unwrap().throttles, Some(8));
    // Nor is one whole that goes on.
    let cut = page.replace("\"Messages\"", "\"NextToken\":\"x\",\"Messages\"");
    assert!(FunctionMetrics::default().read(cut.as_bytes()).unwrap_err().starts_with("is cut short"));
    // A data point from before the time counts more than was asked.
    let early = answer(&calls, &[("Throttles", 7.0)], "Complete").replace("T10:00:00+00:00", "T09:00:00+00:00");
    assert_eq!(read(&early).of(Some("orders"), None, None).unwrap().throttles, None);
}

#[test]
fn functions_of_one_name_are_told_apart_by_where_they_are() {
    let now = at("2026-03-01T12:00:00.000Z");
    let of = |account, region, throttles| {
        answer(&calls(["f"], &MetricPlace::new(account, region), hour(), now), &[("Throttles", throttles)], "Complete")
    };
    let (one, other) = ("111122223333", "444455556666");
    let text = of(Some(one), Some("eu-west-1"), 1.0)
        + &of(Some(one), Some("eu-west-2"), 2.0)
        + &of(Some(other), Some("eu-west-1"), 3.0)
        + &of(None, Some("us-east-1"), 4.0);
    let metrics = read(&text);
    let throttles = |account, region| metrics.of(Some("f"), account, region).and_then(|of| of.throttles);
    assert_eq!(throttles(Some(one), Some("eu-west-1")), Some(1));
    assert_eq!(throttles(Some(one), Some("eu-west-2")), Some(2));
    assert_eq!(throttles(Some(other), Some("eu-west-1")), Some(3));
    assert_eq!(throttles(Some(other), Some("us-east-1")), Some(4), "the account was not known when it was asked");
    assert_eq!(throttles(None, Some("eu-west-2")), Some(2), "there is only one in this region");
    assert_eq!(throttles(None, Some("eu-west-1")), None, "there are two");
    assert_eq!(throttles(None, None), None);
    assert_eq!(throttles(Some(other), Some("eu-west-2")), None);
    let metrics = read(&of(None, None, 5.0));
    assert_eq!(metrics.of(Some("f"), Some(one), Some("eu-west-1")).and_then(|of| of.throttles), Some(5));
}

#[test]
fn times_are_numbers_in_what_the_api_takes_and_answers() {
    let call = &calls(["f"], &nowhere(), hour(), at("2026-03-01T12:00:00.000Z"))[0];
    let body = call.body(Some("next"));
    assert_eq!((&body["StartTime"], &body["EndTime"]), (&1_772_359_200.into(), &1_772_362_800.into()));
    assert_eq!((&body["NextToken"], call.body(None).get("NextToken")), (&"next".into(), None));
    let calls = calls(["f"], &nowhere(), hour(), at("2026-03-01T12:00:00.000Z"));
    let text = answer(&calls, &[("Throttles", 7.0)], "Complete");
    for (time, want) in [("1.7723592E9", Some(7)), ("1772359200", Some(7)), ("1772355600.0", None)] {
        let metrics = read(&text.replace("\"2026-03-01T10:00:00+00:00\"", time));
        assert_eq!(metrics.of(Some("f"), None, None).unwrap().throttles, want, "{time}");
    }
}

#[test]
fn of_other_documents_nothing_is_taken() {
    for wrong in [
        "{}",
        "{\"MetricDataResults\":[]}",
        "{\"MetricDataResults\":[{\"Id\":\"m\",\"Label\":\"orders Throttles\",\"Values\":[1]}]}",
        "{\"MetricDataResults\":[{\"Id\":\"m\",\"Label\":\"a<b Throttles 2026-03-01T10:00:00.000Z/2026-03-01T11:00:00.000Z\"}]}",
        "{\"MetricDataResults\":3}",
        "x",
    ] {
        assert!(FunctionMetrics::default().read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn one_data_point_covers_all_and_no_call_is_too_large() {
    let names: Vec<String> = (0..120).map(|number| format!("f-{number}")).collect();
    let now = at("2026-03-01T12:00:00.000Z");
    let calls = calls(names.iter().map(String::as_str), &nowhere(), hour(), now);
    assert_eq!(calls.iter().map(|call| call.metric_data_queries.len()).collect::<Vec<_>>(), [500, 500, 200]);
    // Older metrics are kept for longer periods only: the time that is asked for grows to whole ones, and says so.
    let short = MetricWindow::of_log(at("2026-03-01T10:04:10.000Z"), at("2026-03-01T10:05:50.000Z"), false).unwrap();
    for (days, from, to, period) in
        [(0, "10:04", "10:06", 120), (20, "10:00", "10:10", 600), (100, "10:00", "11:00", 3_600)]
    {
        let now = Timestamp::from_ms(now.ms() + days * DAY_MS).unwrap();
        let call = &super::calls(["f"], &nowhere(), short, now)[0];
        assert_eq!(call.metric_data_queries[0].metric_stat.period, period);
        assert_eq!(
            call.metric_data_queries[0].label,
            format!("f Invocations 2026-03-01T{from}:00.000Z/2026-03-01T{to}:00.000Z")
        );
        assert_eq!(
            (&call.start_time, &call.end_time),
            (&format!("2026-03-01T{from}:00.000Z"), &format!("2026-03-01T{to}:00.000Z"))
        );
    }
}

#[test]
fn a_time_that_was_given_is_asked_for_as_far_as_its_minutes_are_whole() {
    let window = |from, to, given| {
        MetricWindow::of_log(at(from), at(to), given).map(|window| (window.start.to_string(), window.end.to_string()))
    };
    let want = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
    let (from, to) = ("2026-03-01T10:00:30.000Z", "2026-03-01T11:00:30.000Z");
    assert_eq!(window(from, to, true), want("2026-03-01T10:01:00.000Z", "2026-03-01T11:00:00.000Z"));
    assert_eq!(window(from, to, false), want("2026-03-01T10:00:00.000Z", "2026-03-01T11:01:00.000Z"));
    assert_eq!(window(from, "2026-03-01T10:00:50.000Z", true), None);
}

#[test]
fn a_cost_is_named_from_a_dollar_on() {
    assert_eq!(cost_to_name(100_000), None);
    assert_eq!(cost_to_name(200_000).map(|usd| format!("{usd:.2}")), Some("2.00".to_owned()));
}

#[test]
fn of_two_answers_the_one_that_lacks_less_counts_whatever_their_order() {
    let calls = calls(["orders"], &nowhere(), hour(), at("2026-03-01T12:00:00.000Z"));
    let whole = || read(&answer(&calls, &[("Throttles", 7.0)], "Complete"));
    let partial = || read(&answer(&calls, &[("Throttles", 3.0)], "PartialData"));
    for (mut first, second) in [(whole(), partial()), (partial(), whole()), (whole(), whole())] {
        first.merge(second);
        assert_eq!(first.of(Some("orders"), None, None).unwrap().throttles, Some(7), "not the sum of both");
    }
}
