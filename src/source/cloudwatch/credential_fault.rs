//! Words for what is wrong with credentials: the clock first, then what the source of the credentials needs.

use super::failure::{CredentialFault, PullError, SourceFault, brief};
use super::profile::CredentialSource;

impl CredentialFault {
    /// Puts what is wrong into words, for credentials of this source. `ahead_s` are the seconds by which AWS's clock is
    /// ahead of this machine's.
    pub(super) fn told(&self, source: &CredentialSource, ahead_s: Option<i64>) -> PullError {
        match (self, ahead_s) {
            (Self::Expired | Self::Refused(_) | Self::Skewed(_), Some(ahead)) if ahead.abs() >= SKEW_S => {
                PullError::Clock(skew(ahead))
            }
            (Self::Skewed(said), _) => {
                PullError::Clock(format!("the clock of this machine differs from AWS's too much ({})", brief(said)))
            }
            (Self::Expired | Self::Source(SourceFault::Expired), _) => {
                PullError::Expired(source.hurdle().unwrap_or_else(|| source.advice()))
            }
            (Self::Refused(code), _) => PullError::Refused { code: code.clone(), advice: source.advice() },
            (Self::Source(fault), _) => match (source.hurdle(), source.login(), fault) {
                (Some(hurdle), _, _) => PullError::Hurdle(hurdle),
                // Its causes are missing or old cache files, which mean nothing to a user.
                (None, Some(login), SourceFault::None) => PullError::Hurdle(format!("not logged in: run {login}")),
                (None, Some(login), SourceFault::Failed(cause)) if is_cache(cause) => {
                    PullError::Hurdle(format!("not logged in: run {login}"))
                }
                (_, Some(_), SourceFault::Failed(detail)) if is_forbidden(detail) => {
                    PullError::Credentials { detail: detail.clone(), advice: source.assignment() }
                }
                (_, _, SourceFault::Failed(detail)) => {
                    let advice = source.trust().filter(|_| detail.contains("sts:AssumeRole"));
                    let advice = advice.unwrap_or_else(|| source.advice());
                    PullError::Credentials { detail: detail.clone(), advice }
                }
                (_, _, SourceFault::None | SourceFault::Expired) => PullError::NoCredentials,
            },
        }
    }
}

/// Returns whether single sign-on knows the user, but does not give the role.
fn is_forbidden(cause: &str) -> bool {
    ["Forbidden", "No access", "AccessDenied"].iter().any(|words| cause.contains(words))
}

/// Returns whether the cause is that a cache of single sign-on holds no token.
fn is_cache(cause: &str) -> bool {
    ["cached SSO token", "no such file", "not found"]
        .iter()
        .any(|words| cause.to_lowercase().contains(&words.to_lowercase()))
}

/// Seconds of difference from which on AWS refuses a signature: 5 minutes, less the time of the request.
const SKEW_S: i64 = 4 * 60;

/// Tells by how much the clock of this machine is off.
pub(super) fn skew(ahead_s: i64) -> String {
    let amount = match ahead_s.unsigned_abs() {
        seconds @ 0..120 => format!("{seconds} seconds"),
        seconds @ 120..7_200 => format!("{} minutes", (seconds + 30) / 60),
        seconds @ 7_200..172_800 => format!("{} hours", (seconds + 1_800) / 3_600),
        seconds => format!("{} days", (seconds + 43_200) / 86_400),
    };
    let direction = if ahead_s > 0 { "behind" } else { "ahead of" };
    format!("the clock of this machine is {amount} {direction} AWS's")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_told_before_anything_else() {
        let told = |fault: CredentialFault, ahead| fault.told(&CredentialSource::Environment, ahead).to_string();
        let refused = || CredentialFault::Refused("SignatureDoesNotMatch".to_owned());
        assert!(told(refused(), Some(10)).starts_with("AWS refuses the credentials (SignatureDoesNotMatch)"));
        let late = told(refused(), Some(900));
        assert_eq!(late, "the clock of this machine is 15 minutes behind AWS's; set the clock");
        assert!(told(CredentialFault::Expired, Some(-86_400)).contains("is 24 hours ahead of AWS's"));
        assert!(told(CredentialFault::Expired, None).starts_with("the AWS credentials have expired: set new AWS_ACC"));
        let skewed = CredentialFault::Skewed("Signature expired: x".to_owned());
        assert!(told(skewed, None).contains("differs from AWS's too much (Signature expired: x)"));
    }
}
