//! Forms of the tokens that tell their issuer: what they begin with, what follows, and how much of it.
//!
//! The forms are those that issuers publish for secret scanners. Where only the middle of a token is fixed, the form also
//! says how many characters stand before it.

use std::ops::Range;

use super::random::{is_made, looks_random};

/// What may follow the fixed part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    Hex,
    /// Capitals and digits.
    Capitals,
    /// Letters and digits.
    Plain,
    /// Those, and `_`.
    Word,
    /// Those, and `-`.
    Dashed,
    /// Those, and `.`: parts of a token, joined by dots.
    Dotted,
    /// Base64 of either kind.
    Base64,
    /// Any of these, and `~`, `$`, `:`.
    Any,
}

/// One form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// The fixed part, in its exact case.
    pub(super) fixed: &'static str,
    alphabet: Alphabet,
    /// Fewest characters behind the fixed part.
    least: usize,
    /// Most characters behind it: more of the alphabet are no such token.
    most: usize,
    /// Fewest characters in front of the fixed part; 0 where the token begins with it.
    before: usize,
    /// Lengths of the parts behind it, with a sign between them; none where it is one part.
    parts: &'static [usize],
    joint: u8,
    /// Whether names begin alike: then only what has letters of both kinds and digits is a token.
    is_mixed: bool,
}

const fn form(fixed: &'static str, alphabet: Alphabet, least: usize) -> Form {
    Form { fixed, alphabet, least, most: usize::MAX, before: 0, parts: &[], joint: b'.', is_mixed: false }
}

const fn exactly(fixed: &'static str, alphabet: Alphabet, length: usize) -> Form {
    Form { most: length, ..form(fixed, alphabet, length) }
}

const fn amid(before: usize, fixed: &'static str, alphabet: Alphabet, least: usize) -> Form {
    Form { before, ..form(fixed, alphabet, least) }
}

/// A token that ends with its fixed part.
const fn ends_with(before: usize, fixed: &'static str, alphabet: Alphabet) -> Form {
    Form { before, ..exactly(fixed, alphabet, 0) }
}

/// A token of parts of fixed lengths with a sign between them.
const fn parted(fixed: &'static str, alphabet: Alphabet, joint: u8, parts: &'static [usize]) -> Form {
    Form { parts, joint, ..form(fixed, alphabet, 0) }
}

/// A token that begins as names do, with at least and at most so many characters.
const fn mixed(fixed: &'static str, alphabet: Alphabet, least: usize, most: usize) -> Form {
    Form { is_mixed: true, most, ..form(fixed, alphabet, least) }
}

use Alphabet::{Any, Base64, Capitals, Dashed, Dotted, Hex, Plain, Word};

/// The forms, by kind of issuer.
pub(super) static FORMS: &[Form] = &[
    // AWS: keys, session tokens, Bedrock, Marketplace.
    exactly("AKIA", Capitals, 16),
    exactly("ASIA", Capitals, 16),
    exactly("ABIA", Capitals, 16),
    exactly("ACCA", Capitals, 16),
    form("IQoJb3JpZ2lu", Base64, 20),
    form("FwoGZXIvYXdz", Base64, 20),
    form("FQoGZXIvYXdz", Base64, 20),
    form("AQoDYXdz", Base64, 20),
    form("ABSKQmVkcm9ja0FQSUtleS", Base64, 20),
    form("bedrock-api-key-", Base64, 20),
    form("amzn.mws.", Dashed, 30),
    form("amzn1.oa2-cs.v1.", Hex, 60),
    form("Atza|", Base64, 60),
    form("Atzr|", Base64, 60),
    // JSON that was encoded: JSON web tokens and keys that are made like them.
    form(WEB_TOKEN, Dotted, 10),
    form("v1.local.", Dotted, 60),
    form("v1.public.", Dotted, 60),
    form("v2.local.", Dotted, 60),
    form("v2.public.", Dotted, 60),
    form("v3.local.", Dotted, 60),
    form("v3.public.", Dotted, 60),
    form("v4.local.", Dotted, 60),
    form("v4.public.", Dotted, 60),
    // Private keys in PEM that were encoded once more: `-----BEGIN PRIVATE`, `-----BEGIN RSA PRIVATE` and so on.
    form("LS0tLS1CRUdJTiBQUklWQVRF", Base64, 40),
    form("LS0tLS1CRUdJTiBSU0EgUFJJVkFU", Base64, 40),
    form("LS0tLS1CRUdJTiBFQyBQUklWQVRF", Base64, 40),
    form("LS0tLS1CRUdJTiBEU0EgUFJJVkFU", Base64, 40),
    form("LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZB", Base64, 40),
    form("LS0tLS1CRUdJTiBFTkNSWVBURUQgUFJJVkFU", Base64, 40),
    form("LS0tLS1CRUdJTiBQR1AgUFJJVkFU", Base64, 40),
    // Other clouds.
    form("AIza", Dashed, 30),
    form("ya29.", Dotted, 16),
    form("GOCSPX-", Dashed, 20),
    form("1//0", Dashed, 30),
    exactly("GOOG1E", Capitals, 55),
    form("AQ.Ab8RN6", Dashed, 40),
    amid(3, "7Q~", Any, 28),
    amid(3, "8Q~", Any, 28),
    amid(40, "AzFu", Base64, 6),
    amid(40, "AzSe", Base64, 6),
    amid(38, "ACDb", Base64, 6),
    amid(30, "AIoT", Base64, 6),
    amid(70, "+ASt", Base64, 6),
    amid(38, "+ACR", Base64, 6),
    amid(30, "+AEh", Base64, 6),
    amid(30, "+ASb", Base64, 6),
    amid(70, "AZDO", Plain, 4),
    amid(50, "JQQJ99", Plain, 20),
    form("dop_v1_", Hex, 40),
    form("doo_v1_", Hex, 40),
    form("dor_v1_", Hex, 40),
    form("LTAI", Plain, 16),
    exactly("AKID", Plain, 32),
    form("AKLT", Dashed, 40),
    form("AQVN", Dashed, 30),
    form("HRKU-", Dashed, 30),
    form("v1.0-", Dashed, 160),
    form("cfut_", Plain, 40),
    form("cfk_", Plain, 40),
    form("AVNS_", Dashed, 18),
    exactly("npg_", Plain, 12),
    form("vcp_", Plain, 50),
    form("vercel_blob_rw_", Word, 40),
    form("mdb_sa_sk_", Dashed, 36),
    form("t1.9euelZ", Dotted, 60),
    form("tskey-auth-", Dashed, 20),
    form("tskey-api-", Dashed, 20),
    form("tskey-client-", Dashed, 20),
    form("tk-us-", Dashed, 48),
    form("cflt", Plain, 60),
    form("akab-", Dashed, 30),
    form("zpka_", Word, 36),
    form("kpat_", Plain, 40),
    form("FlyV1 ", Base64, 30),
    form("fo1_", Dashed, 30),
    form("fm2_", Base64, 30),
    form("rnd_", Plain, 24),
    form("nfp_", Plain, 30),
    form("sbp_", Hex, 36),
    form("sb_secret_", Dashed, 20),
    form("pscale_tkn_", Dotted, 30),
    form("pscale_pw_", Dotted, 30),
    form("pscale_oauth_", Dotted, 30),
    form("napi_", Plain, 40),
    form("dapi", Hex, 32),
    exactly("dose", Hex, 32),
    exactly("dkea", Hex, 32),
    form("dbtc_", Dashed, 36),
    form("dbtu_", Dashed, 36),
    form("sha256~", Dashed, 40),
    form("hvs.", Dashed, 20),
    form("hvb.", Dashed, 20),
    form("hvr.", Dashed, 20),
    amid(14, ".atlasv1.", Dashed, 50),
    form("pul-", Hex, 36),
    form("ops_eyJ", Base64, 40),
    form("dp.pt.", Plain, 36),
    form("dp.st.", Dotted, 36),
    form("dp.ct.", Plain, 36),
    form("dp.sa.", Plain, 36),
    form("dp.scim.", Plain, 36),
    form("dp.audit.", Plain, 36),
    form("AGE-SECRET-KEY-1", Capitals, 50),
    form("xprv", Plain, 100),
    amid(60, "::server:", Plain, 32),
    form("ory_pat_", Dotted, 30),
    form("ory_at_", Dotted, 30),
    form("ory_rt_", Dotted, 30),
    form("signkey-prod-", Hex, 60),
    form("signkey-test-", Hex, 60),
    form("secret-live-", Dashed, 36),
    form("secret-test-", Dashed, 36),
    // Code and packages.
    form("ghp_", Plain, 20),
    form("gho_", Plain, 20),
    form("ghu_", Plain, 20),
    form("ghs_", Plain, 20),
    form("ghr_", Plain, 20),
    form("github_pat_", Word, 20),
    form("glpat-", Dotted, 16),
    form("gldt-", Dashed, 16),
    form("glrt-", Dotted, 16),
    form("glrtr-", Dashed, 16),
    form("glcbt-", Dashed, 16),
    form("glptt-", Dashed, 16),
    form("glft-", Dashed, 16),
    form("glsoat-", Dashed, 16),
    form("glimt-", Dashed, 16),
    form("glagent-", Dashed, 30),
    form("gloas-", Dashed, 30),
    form("glffct-", Dashed, 16),
    form("glwt-", Dashed, 16),
    form("GR1348941", Dashed, 20),
    form("ATATT3", Base64, 40),
    form("ATCTT3", Base64, 40),
    form("ATBB", Plain, 24),
    form("ATSTT3", Base64, 40),
    form("BBDC-", Base64, 40),
    exactly("API-", Capitals, 26),
    form("snyk_uat.", Dotted, 40),
    form("snyk_sat.", Dotted, 40),
    form("slk_", Hex, 64),
    form("npm_", Plain, 30),
    form("pypi-", Dashed, 50),
    form("rubygems_", Hex, 40),
    form("oy2", Plain, 43),
    form("cio", Plain, 32),
    form("dckr_pat_", Dashed, 20),
    form("dckr_oat_", Dashed, 20),
    form("CLOJARS_", Plain, 40),
    form("AKCp", Plain, 60),
    form("cmVmdGtu", Base64, 40),
    form("sqp_", Hex, 40),
    form("squ_", Hex, 40),
    form("sqa_", Hex, 40),
    form("CCIPAT_", Word, 40),
    form("CCIPRJ_", Word, 40),
    form("bkua_", Dotted, 36),
    form("bkaa_", Dotted, 36),
    form("bkar_", Dotted, 36),
    form("bkct_", Dotted, 36),
    form("bkpt_", Dashed, 36),
    form("bkpat_", Word, 36),
    form("bkps_", Word, 36),
    form("bkaj_", Dotted, 40),
    form("tss_", Plain, 36),
    form("unkey_", Plain, 20),
    form("sk_prod_", Plain, 24),
    form("tr_prod_", Plain, 18),
    form("pnu_", Plain, 30),
    form("pnb_", Plain, 30),
    form("polar_pat_", Plain, 30),
    form("polar_oat_", Plain, 30),
    form("gb_api_", Plain, 36),
    form("retool_01", Plain, 20),
    form("PMAK-", Dashed, 40),
    // Money.
    form("sk_live_", Plain, 8),
    form("sk_test_", Plain, 8),
    form("rk_live_", Plain, 8),
    form("rk_test_", Plain, 8),
    form("whsec_", Base64, 16),
    form("sk_org_live_", Plain, 20),
    form("sk_org_test_", Plain, 20),
    form("ek_live_", Plain, 20),
    form("ek_test_", Plain, 20),
    amid(20, "_secret_", Plain, 20),
    exactly("EAAA", Dashed, 60),
    form("rzp_live_", Plain, 14),
    form("rzp_test_", Plain, 14),
    form("pdl_live_apikey_", Word, 40),
    form("pdl_sdbx_apikey_", Word, 40),
    form("persona_production_", Dashed, 36),
    form("api_live.", Dotted, 40),
    form("sq0atp-", Dashed, 20),
    form("sq0csp-", Dashed, 20),
    form("access_token$production$", Any, 40),
    form("access_token$sandbox$", Any, 40),
    form("access-production-", Dashed, 36),
    form("access-sandbox-", Dashed, 36),
    form("FLWSECK-", Dashed, 30),
    form("FLWSECK_TEST-", Dashed, 12),
    form("shippo_live_", Hex, 36),
    form("shippo_test_", Hex, 36),
    form("shpat_", Hex, 30),
    form("shpca_", Hex, 30),
    form("shppa_", Hex, 30),
    form("shpss_", Hex, 30),
    form("shptka_", Hex, 30),
    form("shpua_", Hex, 30),
    form("EZAK", Plain, 54),
    form("EZTK", Plain, 54),
    form("duffel_live_", Dashed, 40),
    form("duffel_test_", Dashed, 40),
    mixed("live_", Plain, 30, 30),
    mixed("test_", Plain, 30, 30),
    exactly("live_", Hex, 35),
    exactly("test_", Hex, 35),
    // Messages and mail.
    form("xoxa-", Dashed, 10),
    form("xoxb-", Dashed, 10),
    form("xoxc-", Dashed, 10),
    form("xoxd-", Any, 10),
    form("xoxe-", Dashed, 10),
    form("xoxe.xox", Dotted, 10),
    form("xoxo-", Dashed, 10),
    form("xoxp-", Dashed, 10),
    form("xoxr-", Dashed, 10),
    form("xoxs-", Dashed, 10),
    form("xapp-", Dashed, 10),
    form("xwfp-", Dashed, 10),
    form("mfa.", Dashed, 80),
    form("os_v2_app_", Plain, 40),
    form("SG.", Dotted, 40),
    exactly("SK", Hex, 32),
    exactly("key-", Hex, 32),
    amid(32, "-us", Plain, 1),
    form("xkeysib-", Dashed, 60),
    form("xsmtpsib-", Dashed, 60),
    exactly("mlsn.", Hex, 64),
    exactly("pk_", Hex, 34),
    parted("pk_", Plain, b'_', &[6, 34]),
    form("dG9rO", Base64, 40),
    exactly("oauth:", Plain, 30),
    form("re_", Word, 30),
    amid(8, ":AA", Dashed, 30),
    form("EAACEdEose0cBA", Plain, 10),
    form("IGQVJ", Dashed, 100),
    form("EAA", Plain, 80),
    form("AAAAAAAAAAAAAAAAAAAAA", Any, 40),
    // Models.
    form("sk-", Dashed, 32),
    form("gsk_", Plain, 40),
    form("xai-", Plain, 60),
    form("pplx-", Plain, 40),
    form("r8_", Plain, 32),
    form("hf_", Plain, 30),
    form("api_org_", Plain, 30),
    form("nvapi-", Dashed, 50),
    form("pcsk_", Word, 50),
    form("lsv2_pt_", Word, 40),
    form("lsv2_sk_", Word, 40),
    form("tvly-", Dashed, 24),
    form("jina_", Plain, 50),
    form("csk-", Plain, 44),
    form("sk-lf-", Dashed, 20),
    form("rpa_", Plain, 40),
    exactly("e2b_", Hex, 40),
    form("apify_api_", Plain, 30),
    form("tgp_v1_", Dashed, 40),
    form("wandb_v1_", Word, 60),
    exactly("fc-", Hex, 32),
    mixed("pa-", Dashed, 43, 43),
    mixed("bb_live_", Dashed, 24, 40),
    form("sk_", Hex, 40),
    // Watching and planning.
    form("glc_", Base64, 32),
    form("glsa_", Word, 32),
    form("NRAK-", Plain, 20),
    form("NRAA-", Hex, 24),
    form("NRIQ-", Dashed, 24),
    ends_with(36, "NRAL", Plain),
    form("ddpat_", Plain, 30),
    form("ddapp_", Plain, 30),
    form("phx_", Plain, 40),
    form("xaat-", Dashed, 36),
    form("xapt-", Dashed, 36),
    form("cxtp_", Plain, 30),
    form("hcxik_", Plain, 40),
    form("hcamk_", Plain, 40),
    form("NRJS-", Plain, 16),
    form("NRII-", Dashed, 24),
    form("sntrys_", Base64, 40),
    form("sntryu_", Hex, 40),
    form("dt0c01.", Dotted, 60),
    form("dt0s01.", Dotted, 60),
    form("dt0s16.", Dotted, 60),
    form("hcaik_", Plain, 40),
    form("lin_api_", Plain, 32),
    form("lin_oauth_", Hex, 40),
    form("ntn_", Plain, 40),
    form("secret_", Plain, 43),
    form("pat-na1-", Dashed, 36),
    form("pat-eu1-", Dashed, 36),
    form("figd_", Dashed, 30),
    form("figo_", Dashed, 30),
    form("sl.u.", Dashed, 100),
    form("sl.", Dashed, 120),
    form("5Aep861", Dotted, 60),
    form("fio-u-", Dashed, 60),
    form("dnkey-", Dashed, 60),
    form("sm_pat_", Plain, 16),
    form("CFPAT-", Dashed, 40),
    form("sgp_", Word, 40),
    form("figp_", Dashed, 40),
    parted("pat.", Dashed, b'.', &[22, 24, 20]),
    parted("sat.", Dashed, b'.', &[22, 24, 20]),
    exactly("ico-", Plain, 32),
    form("secret-", Plain, 40),
    amid(12, ".acc_", Any, 40),
    amid(12, ".acc-", Any, 40),
    ends_with(36, "_mmk", Word),
    parted("A3-", Capitals, b'-', &[6, 6, 5, 5, 5, 5]),
    parted("A3-", Capitals, b'-', &[6, 11, 5, 5, 5]),
    parted("pk_", Capitals, b'_', &[7, 32]),
    parted("pk_", Capitals, b'_', &[8, 32]),
    parted("pk_", Capitals, b'_', &[9, 32]),
    form("sdk-", Dashed, 36),
    form("mob-", Dashed, 36),
    form("tfp_", Dotted, 50),
    form("rdme_", Plain, 60),
    form("p8e-", Plain, 30),
    form("ghcid_", Plain, 30),
];

/// What JSON begins with that was encoded.
const WEB_TOKEN: &str = "eyJ";
/// Fewest characters of a line of a web token.
const PART_OF_TOKEN: usize = 12;
/// Fewest characters of a token of which only the beginning is there.
const PART: usize = 4;
/// Length from which letters alone are no word: no word of prose or code is as long.
const NO_WORD: usize = 30;
/// Longest stretch in front of the fixed part that belongs to the token.
const LONGEST_BEFORE: usize = 160;
/// Length of the secret key of AWS, and most of what may stand between it and its id.
const SECRET_KEY: usize = 40;
const GAP: usize = 24;

impl Form {
    /// Returns where the token is, and whether there is one, of which the fixed part was found. `is_cut`: the text ends
    /// there because it was cut, so the end of a token may be missing.
    pub(super) fn find(&self, text: &[u8], at: Range<usize>, is_cut: bool) -> Option<Range<usize>> {
        if text[at.clone()] != *self.fixed.as_bytes() {
            return None;
        }
        let start = at.start - self.start(text, at.start)?;
        if !self.parts.is_empty() {
            let end = self.end_of_parts(text, at.end, is_cut)?;
            return looks_random(&text[at.end..end]).then_some(start..end);
        }
        let end = at.end + length(&text[at.end..], self.alphabet);
        let behind = end - at.end;
        let least = if is_cut && end == text.len() { self.least.min(PART) } else { self.least };
        if behind < least || behind > self.most {
            return None;
        }
        let whole = start..end;
        // What is named in words is no token: `sk-this-is-a-name`.
        let is_random = looks_random(&text[if self.before > 0 { start } else { at.end }..end]);
        // Nor is a word as long as that.
        let is_long = self.alphabet == Plain && self.least >= NO_WORD;
        let is_cut = behind < self.least;
        ((is_random || is_long) && (!self.is_mixed || is_cut || is_mixed(&text[at.end..end]))).then_some(whole)
    }

    /// Returns where the last part of a token ends, or the text that was cut within one.
    fn end_of_parts(&self, text: &[u8], from: usize, is_cut: bool) -> Option<usize> {
        let mut at = from;
        for (number, part) in self.parts.iter().enumerate() {
            let length = text[at..].iter().take(part + 1).take_while(|byte| self.alphabet.has(**byte)).count();
            at += length;
            if at == text.len() && is_cut && length <= *part && at - from >= PART {
                return Some(at);
            }
            let is_last = number + 1 == self.parts.len();
            if length != *part || !is_last && text.get(at) != Some(&self.joint) {
                return None;
            }
            at += usize::from(!is_last);
        }
        Some(at)
    }

    /// Counts the bytes of the token in front of the fixed part; `None` if that part stands in a longer word.
    fn start(&self, text: &[u8], at: usize) -> Option<usize> {
        let front = &text[at.saturating_sub(LONGEST_BEFORE)..at];
        if self.before == 0 {
            let last = front.last().copied().unwrap_or(b' ');
            // `\n` may stand before it as an escape.
            let is_escape = matches!(last, b'n' | b'r' | b't') && front.ends_with(&[b'\\', last]);
            let is_joined =
                matches!(last, b'_') && self.fixed.len() < 4 || matches!(last, b'_' | b'-') && self.is_mixed;
            let inside = last.is_ascii_alphanumeric() && !is_escape || is_joined;
            return (!inside).then_some(0);
        }
        let length = front.iter().rev().take_while(|byte| self.alphabet.has(**byte)).count();
        (length >= self.before).then_some(length)
    }

    /// Returns where a token ends that was wrapped: a web token goes on in lines that have nothing else.
    pub(super) fn wrapped_end(&self, text: &[u8], end: usize) -> usize {
        let mut end = end;
        while self.fixed == WEB_TOKEN && text.get(end) == Some(&b'\n') {
            let part = length(&text[end + 1..], self.alphabet);
            let behind = end + 1 + part;
            let is_whole = text.get(behind).is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
            if part < PART_OF_TOKEN || !is_whole || !is_made(&text[end + 1..behind]) {
                break;
            }
            end = behind;
        }
        end
    }

    /// Returns where the secret key is that stands beside the id of a key of AWS, behind a separator.
    pub(super) fn secret_beside(&self, text: &[u8], id_end: usize, is_cut: bool) -> Option<Range<usize>> {
        if self.alphabet != Capitals || self.most != 16 {
            return None;
        }
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let gap = text[id_end..].iter().take(GAP).take_while(|byte| !is_key(byte)).count();
        let start = id_end + gap;
        let end = start + text[start..].iter().take_while(|byte| is_key(byte)).count();
        let key = &text[start..end];
        // A hash stands there as well.
        let is_mixed = key.iter().any(u8::is_ascii_uppercase) && key.iter().any(u8::is_ascii_lowercase);
        let is_long = key.len() >= SECRET_KEY || is_cut && end == text.len() && key.len() >= PART;
        (gap > 0 && is_long && is_mixed).then_some(start..end)
    }
}

/// Returns whether a text has letters of both kinds and digits.
fn is_mixed(text: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits > 1 && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// Counts the bytes of an alphabet at the start.
fn length(text: &[u8], alphabet: Alphabet) -> usize {
    text.iter().take_while(|byte| alphabet.has(**byte)).count()
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Hex => byte.is_ascii_hexdigit(),
            Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Plain => byte.is_ascii_alphanumeric(),
            Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Dashed => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-'),
            Any => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~' | b'$' | b':' | b'%')
            }
        }
    }
}
