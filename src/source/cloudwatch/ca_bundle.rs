//! Root certificates besides those of the machine: `AWS_CA_BUNDLE`, or `ca_bundle` of the profile.
//!
//! The HTTP client panics on a certificate that it cannot use, so it gets only those that were tried here.

use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::failure::PullError;

/// Root certificates of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct CaBundle {
    /// Usable certificates, as PEM.
    pub(super) pem: Vec<u8>,
    /// Remark on those that were left out.
    pub(super) remark: Option<String>,
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

impl CaBundle {
    /// Reads the bundle that the environment names, else the one of the profile.
    ///
    /// # Errors
    /// If the file cannot be read or holds no usable certificate.
    pub(super) fn find(of_profile: Option<&str>) -> Result<Self, PullError> {
        let of_environment = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty());
        match (of_environment, of_profile) {
            (Some(path), _) => Self::read("AWS_CA_BUNDLE", Path::new(&path)),
            (None, Some(path)) => Self::read("ca_bundle", &from_home(path)),
            (None, None) => Ok(Self::default()),
        }
    }

    fn read(setting: &str, path: &Path) -> Result<Self, PullError> {
        let wrong = |why: &str| PullError::Usage(format!("{setting}={}: {why}", path.display()));
        let bytes = fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => wrong("there is no such file"),
            std::io::ErrorKind::IsADirectory => wrong("this is a directory, not a file of certificates"),
            _ => wrong(&super::failure::plain_io(&error)),
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let (mut pem, mut usable, mut left_out) = (String::new(), 0, Vec::new());
        for (line, section) in sections(&text) {
            let section = section.ok_or_else(|| wrong(&format!("line {line}: this certificate has no end")))?;
            let der = CertificateDer::from_pem_slice(section.as_bytes())
                .map_err(|_| wrong(&format!("line {line}: this is not a certificate (its base64 is broken)")))?;
            match webpki::anchor_from_trusted_cert(&der) {
                Ok(_) => {
                    pem.push_str(&section);
                    usable += 1;
                }
                Err(_) => left_out.push(line),
            }
        }
        if usable == 0 {
            return Err(wrong(match (left_out.first(), bytes.first()) {
                (Some(line), _) => return Err(wrong(&format!("line {line}: this is not a certificate of X.509"))),
                // The first byte of a certificate in binary form.
                (None, Some(0x30)) => "this looks like binary (DER); turn it into PEM: openssl x509 -inform der",
                (None, _) => "there is no certificate in it (a line -----BEGIN CERTIFICATE----- begins one)",
            }));
        }
        let remark = left_out.first().map(|line| {
            let more = if left_out.len() > 1 { format!(" and {} more", left_out.len() - 1) } else { String::new() };
            format!("{setting}={}: left out the certificate at line {line}{more}, which cannot be used", path.display())
        });
        Ok(Self { pem: pem.into_bytes(), remark })
    }
}

/// Returns each certificate with the number of its first line; `None` instead of its text if it does not end.
fn sections(text: &str) -> Vec<(usize, Option<String>)> {
    let mut found: Vec<(usize, Option<String>)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line == BEGIN {
            found.extend(open.take().map(|(line, _)| (line, None)));
            open = Some((at + 1, String::new()));
        }
        if let Some((_, section)) = &mut open {
            section.push_str(line);
            section.push('\n');
        }
        if line == END {
            found.extend(open.take().map(|(line, section)| (line, Some(section))));
        }
    }
    found.extend(open.map(|(line, _)| (line, None)));
    found
}

/// Expands a path that begins with the home directory, as the AWS CLI does.
fn from_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root certificate made for these tests.
    const ROOT: &str = include_str!("../../../tests/fake/root.pem");

    #[track_caller]
    fn read(content: &[u8]) -> Result<CaBundle, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("roots.pem");
        fs::write(&path, content).unwrap();
        CaBundle::read("AWS_CA_BUNDLE", &path).map_err(|error| error.to_string())
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        let broken = format!("{ROOT}\n{BEGIN}\nMIIB@@@\n{END}\n");
        let line = ROOT.lines().count() + 2;
        let open = format!("{BEGIN}\nMIIB\n");
        let other = format!("{BEGIN}\nMIIB\n{END}\n");
        for (content, words) in [
            (broken.as_str(), format!("roots.pem: line {line}: this is not a certificate")),
            (open.as_str(), "roots.pem: line 1: this certificate has no end".to_owned()),
            (other.as_str(), "roots.pem: line 1: this is not a certificate of X.509".to_owned()),
            ("", "roots.pem: there is no certificate in it".to_owned()),
            ("0\u{1}", "looks like binary".to_owned()),
        ] {
            let error = read(content.as_bytes()).unwrap_err();
            assert!(error.starts_with("AWS_CA_BUNDLE=/") && error.contains(&words), "{words}: {error}");
        }
        let missing = CaBundle::read("ca_bundle", Path::new("/nonexistent/roots.pem")).unwrap_err().to_string();
        assert_eq!(missing, "ca_bundle=/nonexistent/roots.pem: there is no such file");
        let directory = CaBundle::read("ca_bundle", Path::new("/")).unwrap_err().to_string();
        assert_eq!(directory, "ca_bundle=/: this is a directory, not a file of certificates");
    }

    #[test]
    fn what_cannot_be_used_is_left_out_and_told() {
        let bundle = read(ROOT.as_bytes()).unwrap();
        assert_eq!(bundle.remark, None);
        let mixed = read(format!("# ours\r\n{BEGIN}\nMIIB\n{END}\n{ROOT}").as_bytes()).unwrap();
        assert_eq!(mixed.pem, bundle.pem);
        assert!(mixed.remark.unwrap().contains("left out the certificate at line 2, which"));
    }
}
