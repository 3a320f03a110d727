//! Profiles of the AWS configuration: where the credentials of a run come from, and what to do when that source fails.

use std::collections::BTreeSet;

use aws_config::profile::ProfileSet;

use super::failure::PullError;
use crate::model::{nearest, suggestion};

/// Source of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CredentialSource {
    /// Keys in environment variables.
    Environment,
    /// A token file that an environment variable names, as on Kubernetes.
    TokenFile,
    /// The endpoint of a container.
    Container,
    /// A profile of the AWS configuration.
    Profile(ProfileSource),
    /// The role of the machine, which is the last place to look.
    Machine,
}

/// What a profile says about its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProfileSource {
    /// Name of the profile that was chosen.
    pub(super) name: String,
    kind: ProfileKind,
    /// Profile at the end of the chain of roles, which has the credentials.
    base: String,
    /// Profile in the chain that asks for a code of a multi-factor device.
    mfa: Option<String>,
    /// Whether a role is assumed.
    assumes: bool,
    /// Profile that the chain names and that does not exist.
    pub(super) gap: Option<String>,
    /// File with the token, of a profile with a web identity.
    token_file: Option<String>,
}

/// Way in which a profile gets its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProfileKind {
    Keys,
    SingleSignOn,
    Process,
    TokenFile,
    /// `aws login`.
    Login,
    /// Another source that the profile names, such as the machine.
    Elsewhere,
}

/// Keys of a profile that tell where its credentials come from, in the order in which the SDK asks for them.
const KINDS: [(&str, ProfileKind); 7] = [
    ("credential_source", ProfileKind::Elsewhere),
    ("web_identity_token_file", ProfileKind::TokenFile),
    ("sso_session", ProfileKind::SingleSignOn),
    ("sso_start_url", ProfileKind::SingleSignOn),
    ("login_session", ProfileKind::Login),
    ("credential_process", ProfileKind::Process),
    ("aws_access_key_id", ProfileKind::Keys),
];

impl ProfileSource {
    /// Follows the chain of a profile. `get` returns the value of a profile's key. Returns `None` for a profile without
    /// credentials.
    fn of(name: &str, exists: &dyn Fn(&str) -> bool, get: &dyn Fn(&str, &str) -> Option<String>) -> Option<Self> {
        let (mut base, mut seen) = (name.to_owned(), BTreeSet::new());
        let (mut mfa, mut assumes, mut gap) = (None, false, None);
        while seen.insert(base.clone()) {
            assumes |= get(&base, "role_arn").is_some();
            if mfa.is_none() && get(&base, "role_arn").is_some() && get(&base, "mfa_serial").is_some() {
                mfa = Some(base.clone());
            }
            match get(&base, "source_profile") {
                Some(source) if get(&base, "role_arn").is_some() => {
                    gap = Some(source.clone()).filter(|source| !exists(source));
                    base = source;
                }
                _ => break,
            }
        }
        let kind = KINDS.iter().find(|(key, _)| get(&base, key).is_some()).map(|(_, kind)| *kind);
        if kind.is_none() && !assumes {
            return None;
        }
        let token_file = get(&base, "web_identity_token_file");
        Some(Self {
            name: name.to_owned(),
            kind: kind.unwrap_or(ProfileKind::Elsewhere),
            base,
            mfa,
            assumes,
            gap,
            token_file,
        })
    }
}

impl CredentialSource {
    /// Returns the source that the SDK uses: `named` is the profile of the command line, which wins over keys in the
    /// environment, and `chosen` the one that the configuration chooses without it.
    pub(super) fn find(named: Option<&str>, profiles: Option<&ProfileSet>) -> Self {
        let get = |profile: &str, key: &str| {
            let value = profiles.and_then(|profiles| profiles.get_profile(profile)?.get(key));
            value.map(str::to_owned)
        };
        let chosen = named.or(profiles.map(ProfileSet::selected_profile)).unwrap_or("default");
        let exists = |name: &str| profiles.is_some_and(|profiles| profiles.get_profile(name).is_some());
        match ProfileSource::of(chosen, &exists, &get) {
            Some(profile) if named.is_some() || !has("AWS_ACCESS_KEY_ID") => Self::Profile(profile),
            _ if named.is_none() && has("AWS_ACCESS_KEY_ID") => Self::Environment,
            _ if has("AWS_WEB_IDENTITY_TOKEN_FILE") => Self::TokenFile,
            _ if has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || has("AWS_CONTAINER_CREDENTIALS_FULL_URI") => {
                Self::Container
            }
            _ => Self::Machine,
        }
    }

    /// Returns what is wrong with a profile that names another one, which does not exist.
    pub(super) fn broken_chain(&self) -> Option<String> {
        let Self::Profile(ProfileSource { name, gap: Some(gap), .. }) = self else { return None };
        Some(format!(
            "profile '{name}' takes its credentials from profile '{gap}' (source_profile), which does not exist"
        ))
    }

    /// Returns what to do when this source gives no credentials, or AWS does not accept them.
    pub(super) fn advice(&self) -> String {
        match self {
            Self::Environment => "set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN".to_owned(),
            Self::TokenFile => {
                let file = std::env::var("AWS_WEB_IDENTITY_TOKEN_FILE").unwrap_or_default();
                format!("check the file of AWS_WEB_IDENTITY_TOKEN_FILE, {file}, and the role of AWS_ROLE_ARN")
            }
            Self::Container => "check the role of this container (its task role or pod identity)".to_owned(),
            Self::Machine => "check the role of this machine (its instance profile)".to_owned(),
            Self::Profile(profile) => profile.advice(),
        }
    }

    /// Returns what these credentials need and cannot be given here, if that is so.
    pub(super) fn hurdle(&self) -> Option<String> {
        let Self::Profile(profile) = self else { return None };
        let export =
            |name: &str| format!("`eval \"$(aws configure export-credentials{} --format env)\"`", option(name));
        if let Some(mfa) = &profile.mfa {
            return Some(format!(
                "profile '{mfa}' needs an MFA code, which is not asked for here: run `aws configure mfa-login{}`, or {}",
                option(mfa),
                export(&profile.name)
            ));
        }
        (profile.kind == ProfileKind::Login).then(|| {
            format!(
                "profile '{}' uses `aws login`, whose sessions are not read here: run {}",
                profile.base,
                export(&profile.name)
            )
        })
    }

    /// Returns what to check when single sign-on knows the user, but does not give the role.
    pub(super) fn assignment(&self) -> String {
        let base = if let Self::Profile(profile) = self { profile.base.as_str() } else { "default" };
        format!("check sso_account_id and sso_role_name of profile '{base}', and whether this role is assigned to you")
    }

    /// Returns what to check when AWS knows the caller, but does not let it take the role.
    pub(super) fn trust(&self) -> Option<String> {
        let Self::Profile(ProfileSource { name, assumes: true, .. }) = self else { return None };
        Some(format!(
            "check the trust policy of the role_arn of profile '{name}', and that you may call sts:AssumeRole on it"
        ))
    }

    /// Returns the sentence for credentials that were not there or are too old, if the user can log in again.
    pub(super) fn login(&self) -> Option<String> {
        match self {
            Self::Profile(profile) if profile.kind == ProfileKind::SingleSignOn => {
                Some(format!("`aws sso login{}`", option(&profile.base)))
            }
            _ => None,
        }
    }
}

impl ProfileSource {
    fn advice(&self) -> String {
        let base = &self.base;
        let source = match self.kind {
            ProfileKind::Keys => {
                format!("check the keys of profile '{base}', or set new ones with `aws configure{}`", option(base))
            }
            ProfileKind::SingleSignOn => format!("log in with `aws sso login{}`", option(base)),
            ProfileKind::Process => format!("check what the credential_process of profile '{base}' prints"),
            ProfileKind::TokenFile => {
                let file = self.token_file.as_deref().unwrap_or_default();
                format!("check the web_identity_token_file of profile '{base}', {file}")
            }
            ProfileKind::Login => format!("log in with `aws login{}`", option(base)),
            ProfileKind::Elsewhere => format!("check the credential_source of profile '{base}'"),
        };
        match self.assumes && *base != self.name {
            true => format!("{source}, and the role_arn of profile '{}'", self.name),
            false => source,
        }
    }
}

/// Returns the option of the AWS CLI that names a profile.
fn option(profile: &str) -> String {
    if profile == "default" { String::new() } else { format!(" --profile {profile}") }
}

/// Returns whether an environment variable has a value.
fn has(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| !value.trim().is_empty())
}

/// Returns the access key id in the environment, which the SDK prefers to any profile.
pub(super) fn key_of_environment() -> Option<String> {
    std::env::var("AWS_ACCESS_KEY_ID").ok().filter(|id| !id.trim().is_empty())
}

/// Reads the configuration files. If there are none, the set is empty.
///
/// # Errors
/// If a file is not readable or has a syntax error.
pub(super) async fn read_profiles() -> Result<ProfileSet, PullError> {
    let read = aws_config::profile::load(&Default::default(), &Default::default(), &Default::default(), None).await;
    read.map_err(|error| PullError::Configuration(super::failure::root_cause(&error)))
}

/// Checks that a profile exists. If there is no configuration at all, the SDK would silently use the machine's role
/// instead.
pub(super) fn check_profile(name: &str, profiles: &ProfileSet) -> Result<(), PullError> {
    if profiles.get_profile(name).is_some() {
        return Ok(());
    }
    let near = nearest(name, profiles.profiles());
    let near: Vec<String> = near.into_iter().map(|name| format!("'{name}'")).collect();
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    let file = std::env::var("AWS_CONFIG_FILE").unwrap_or_else(|_| "~/.aws/config".to_owned());
    let hint = match near.is_empty() {
        true => "; `aws configure list-profiles` lists them".to_owned(),
        false => suggestion(&near),
    };
    Err(PullError::Configuration(format!("there is no profile '{name}' in {file}{hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Profiles as `name key=value key=value`.
    fn source(text: &str, name: &str) -> Option<ProfileSource> {
        let get = |profile: &str, key: &str| {
            let line = text.lines().find(|line| line.split(' ').next() == Some(profile))?;
            line.split(' ').skip(1).find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
        };
        let exists = |name: &str| text.lines().any(|line| line.split(' ').next() == Some(name));
        ProfileSource::of(name, &exists, &get)
    }

    #[test]
    fn the_advice_fits_the_source() {
        let text = "keys aws_access_key_id=A\nsso sso_session=dev\nold sso_start_url=u\nproc credential_process=x\n\
            web web_identity_token_file=t role_arn=r\nlogin login_session=l\nrole role_arn=r source_profile=sso\n\
            deep role_arn=r source_profile=role\nmachine role_arn=r credential_source=Ec2InstanceMetadata\n\
            circle role_arn=r source_profile=circle2\ncircle2 role_arn=r source_profile=circle\nbare region=x\n\
            default aws_access_key_id=A";
        for (name, want) in [
            ("keys", Some("check the keys of profile 'keys', or set new ones with `aws configure --profile keys`")),
            ("default", Some("check the keys of profile 'default', or set new ones with `aws configure`")),
            ("sso", Some("log in with `aws sso login --profile sso`")),
            ("old", Some("log in with `aws sso login --profile old`")),
            ("proc", Some("check what the credential_process of profile 'proc' prints")),
            ("web", Some("check the web_identity_token_file of profile 'web', t")),
            ("login", Some("log in with `aws login --profile login`")),
            ("role", Some("log in with `aws sso login --profile sso`, and the role_arn of profile 'role'")),
            ("deep", Some("log in with `aws sso login --profile sso`, and the role_arn of profile 'deep'")),
            ("machine", Some("check the credential_source of profile 'machine'")),
            ("bare", None),
            ("nosuch", None),
        ] {
            let advice = source(text, name).map(|source| CredentialSource::Profile(source).advice());
            assert_eq!(advice.as_deref(), want, "{name}");
        }
        assert!(source(text, "circle").is_some(), "a circle ends");
    }

    #[test]
    fn what_cannot_be_asked_for_here_is_told() {
        let text = "mfa role_arn=r mfa_serial=m source_profile=keys\nkeys aws_access_key_id=A mfa_serial=m\n\
            over role_arn=r source_profile=mfa\nlogin login_session=l";
        let hurdle = |name| source(text, name).and_then(|source| CredentialSource::Profile(source).hurdle());
        assert!(hurdle("mfa").unwrap().contains("`aws configure mfa-login --profile mfa`"));
        let over = hurdle("over").unwrap();
        assert!(
            over.starts_with("profile 'mfa' needs") && over.contains("export-credentials --profile over "),
            "{over}"
        );
        assert_eq!(hurdle("keys"), None, "a code is asked for only with a role");
        assert!(hurdle("login").unwrap().contains("export-credentials --profile login --format env"));
    }
}
