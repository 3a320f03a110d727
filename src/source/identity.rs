//! Recognition of export layouts: derives the origin of a log from its path, without guessing.

use std::path::{Component, Path};

use crate::model::{Origin, RequestId, stream_parts};

/// Reads log group, log stream and function from the folders of a path.
#[must_use]
pub(crate) fn context_of(path: &Path) -> Origin<String> {
    let folders: Vec<&str> = path.components().filter_map(folder_name).collect();
    // The user may have named the file; only the folders are the exporter's.
    let Some((_, folders)) = folders.split_last() else { return Origin::default() };
    let stream = folders.iter().rev().find_map(|folder| stream_of(folder));
    let group = group_of(folders);
    let function = if group.is_none() { function_of(folders) } else { None };
    Origin { function, log_group: group, log_stream: stream, ..Origin::default() }
}

fn folder_name(component: Component<'_>) -> Option<&str> {
    match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

/// Recognises `YYYY-MM-DD-[VERSION]HASH`: a stream name with its slashes turned into dashes.
fn stream_of(folder: &str) -> Option<String> {
    let parts: Vec<&str> = folder.splitn(4, '-').collect();
    let stream = if parts.len() == 4 { parts.join("/") } else { return None };
    stream_parts(&stream).is_some().then_some(stream)
}

/// Recognises `…/aws/lambda/NAME/…`, which scripts make that mirror group names as folders.
fn group_of(folders: &[&str]) -> Option<String> {
    let at = folders.windows(3).position(|three| three[..2] == ["aws", "lambda"] && !is_export_folder(three[2]))?;
    Some(format!("/aws/lambda/{}", folders[at + 2]))
}

/// Prefixes of export tasks that are no function names.
const GENERIC: [&str; 18] = [
    "exportedlogs",
    "exported-logs",
    "export",
    "exports",
    "logs",
    "log",
    "lambda",
    "cloudwatch",
    "cloudwatch-logs",
    "aws",
    "s3",
    "data",
    "tmp",
    "downloads",
    "backup",
    "archive",
    "input",
    "plain",
];

/// Recognises `…/NAME/TASK-ID/STREAM/000000.gz`: the function is the folder above the id of the export task.
fn function_of(folders: &[&str]) -> Option<String> {
    let task = folders.iter().rposition(|folder| RequestId::parse(folder.as_bytes()).is_some())?;
    stream_of(folders.get(task + 1)?)?;
    let name = folders.get(task.checked_sub(1)?)?;
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let generic = GENERIC.contains(&name.to_ascii_lowercase().as_str()) || name.bytes().all(|b| b.is_ascii_digit());
    (is_name && !generic).then(|| (*name).to_owned())
}

fn is_export_folder(folder: &str) -> bool {
    RequestId::parse(folder.as_bytes()).is_some() || stream_of(folder).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
    const ENVIRONMENT: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

    #[track_caller]
    fn case(path: &str, group: Option<&str>, stream: Option<&str>, function: Option<&str>) {
        let path = path.replace("TASK", TASK).replace("ENV", ENVIRONMENT);
        let context = context_of(Path::new(&path));
        let stream = stream.map(|stream| stream.replace("ENV", ENVIRONMENT));
        assert_eq!(
            (context.log_group.as_deref(), context.log_stream, context.function.as_deref()),
            (group, stream, function),
            "{path}"
        );
    }

    #[test]
    fn reads_export_layouts() {
        let latest = Some("2026/10/01/[$LATEST]ENV");
        case("bucket/pay/TASK/2026-10-01-[$LATEST]ENV/000000.gz", None, latest, Some("pay"));
        case("/x/exportedlogs/TASK/2026-10-01-[$LATEST]ENV/000000.gz", None, latest, None);
        case("TASK/2026-10-01-[$LATEST]ENV/000000", None, latest, None);
        case("b/logs/TASK/2026-10-01-pay[7]ENV/000001.gz", None, Some("2026/10/01/pay[7]ENV"), None);
        case(
            "b/aws/lambda/pay/TASK/2026-10-01-[7]ENV/000001.gz",
            Some("/aws/lambda/pay"),
            Some("2026/10/01/[7]ENV"),
            None,
        );
    }

    #[test]
    fn guesses_nothing() {
        case("orders-api.log", None, None, None);
        case("logs/orders-api/orders-api.log", None, None, None);
        case("aws/lambda/pay.log", None, None, None);
    }
}
