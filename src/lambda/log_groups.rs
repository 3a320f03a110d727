//! Log groups that hold no function's invocation logs.

/// Kind of log that Lambda Insights writes: an event for each attempt.
pub(crate) const LAMBDA_INSIGHTS: &str = "Lambda Insights";

/// Prefixes of names of log groups, and the kind of log that they hold.
const FOREIGN: [(&str, &str); 9] = [
    ("/aws/lambda-insights", LAMBDA_INSIGHTS),
    ("/aws/lambda/web/", "Lambda Web Functions"),
    ("/aws/lambda/capacity-provider/", "Lambda capacity provider"),
    ("/aws/vendedlogs/states/", "Step Functions"),
    ("/aws/states/", "Step Functions"),
    ("API-Gateway-Execution-Logs_", "API Gateway execution log"),
    ("/aws/apigateway/", "API Gateway access log"),
    ("/aws/api-gateway/", "API Gateway access log"),
    ("/aws/vendedlogs/apis/", "API Gateway access log"),
];

/// Returns the kind of log that a log group holds, if it is not that of a function.
#[must_use]
pub(crate) fn foreign_group(group: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(prefix, _)| group.starts_with(prefix)).map(|(_, kind)| *kind)
}
