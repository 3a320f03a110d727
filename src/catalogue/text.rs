//! Small looks at error texts, shared by the tables of the catalogue.

/// The last part of a qualified type name, without the wrappers of Ruby's runtime: `Function<PG::Error>` is `Error`.
pub(super) fn last_segment(error_type: &str) -> &str {
    let name = unwrapped(error_type);
    name.rsplit(['.', ':', '\\', '$', '/']).next().unwrap_or(name)
}

/// A type name without `Function<…>`, `Init<…>`, `Runtime<…>` and pointer stars.
pub(super) fn unwrapped(error_type: &str) -> &str {
    let name = error_type.trim().trim_start_matches('*');
    ["Function<", "Init<", "Runtime<"]
        .iter()
        .find_map(|wrapper| name.strip_prefix(wrapper)?.strip_suffix('>'))
        .unwrap_or(name)
}

/// The text between two marks.
pub(super) fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let rest = after(text, from)?;
    rest.find(to).map(|end| &rest[..end])
}

/// What follows the first mark in the text. Mostly there is none, which `contains` sees much sooner than a search does.
pub(super) fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.contains(mark).then(|| text.split_once(mark)).flatten().map(|(_, rest)| rest)
}

/// The leading run of characters for which `keep` holds; `None` if there is none.
pub(super) fn leading(text: &str, keep: impl Fn(char) -> bool) -> Option<&str> {
    let end = text.find(|c| !keep(c)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// The first HTTP error status (400 to 599) that stands alone as a number in the text.
pub(super) fn http_status(text: &str) -> Option<u16> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() == 3)
        .filter_map(|word| word.parse().ok())
        .find(|status| (400..600).contains(status))
}

/// The HTTP error status (400 to 599) with which a text begins, alone as a number.
pub(super) fn error_status(text: &str) -> Option<u16> {
    let digits = leading(text, |c| c.is_ascii_digit()).filter(|digits| digits.len() == 3)?;
    let ends = !text[digits.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    digits.parse().ok().filter(|status| ends && (400..600).contains(status))
}

/// The first lines of a text, each without its indent.
pub(super) fn starts_of_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take(4).map(str::trim_start)
}

/// The type with which a text begins: `Type: message`, where the type is one word that looks like a class.
pub(super) fn leading_type(text: &str) -> Option<&str> {
    let end = text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || b"._:$\\".contains(&byte)));
    let head = match end {
        // No part of a name is a blank, so this is the first `: `.
        Some(end) if text.as_bytes()[end] == b' ' => text[..end].strip_suffix(':')?,
        Some(_) => return None,
        None => text,
    };
    (head.len() > 2 && head.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_apart() {
        assert_eq!(last_segment("Function<Redis::CannotConnectError>"), "CannotConnectError");
        assert_eq!(last_segment("com.example.Outer$Inner"), "Inner");
        assert_eq!(last_segment("*errors.errorString"), "errorString");
        assert_eq!(leading_type("java.net.ConnectException: refused"), Some("java.net.ConnectException"));
        assert_eq!(leading_type("the thing: broke"), None);
    }

    #[test]
    fn finds_a_status_that_stands_alone() {
        assert_eq!(http_status("Request failed with status code 503"), Some(503));
        assert_eq!(http_status("took 4500 ms at 10.0.404.1x"), Some(404));
        assert_eq!(http_status("took 1500 ms"), None);
    }
}
