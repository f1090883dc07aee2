//! What one line is, given what stands around it: the element rules in the reference parser's order.
//!
//! Pure text in, kind out; positions and joining of lines are the caller's.

use super::Kind;

/// What a line's kind depends on beside its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    pub(super) blank_before: bool,
    pub(super) blank_after: bool,
    /// The next line that is not wholly hidden has text.
    pub(super) content_after: bool,
    /// A cue came before, without a blank line since.
    pub(super) in_dialogue: bool,
}

/// The kind of a line that has visible text, and that text without its markers.
pub(super) fn classify(line: &str, around: &Around) -> (Kind, String) {
    let trimmed = line.trim();
    let after = |marker: char| trimmed.strip_prefix(marker).map(|rest| rest.trim().to_owned());
    if let Some(text) = after('~') {
        return (Kind::Lyrics, text);
    }
    if let Some(text) = trimmed.strip_prefix('!') {
        return (Kind::Action, text.trim_end().to_owned());
    }
    if let Some(cue) = trimmed.strip_prefix('@').filter(|cue| !cue.trim().is_empty()) {
        return character(cue);
    }
    if 3 <= trimmed.len() && trimmed.bytes().all(|byte| byte == b'=') {
        return (Kind::PageBreak, String::new());
    }
    if let Some(text) = after('=') {
        return (Kind::Synopsis, text);
    }
    let level = trimmed.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&level) && !trimmed[level..].trim().is_empty() {
        return (Kind::Section { level: level as u8 }, trimmed[level..].trim().to_owned());
    }
    if around.blank_before {
        if let Some(text) = forced_heading(trimmed) {
            return heading(text);
        }
        if around.blank_after && starts_as_heading(trimmed) {
            return heading(trimmed);
        }
        if around.blank_after && is_transition(trimmed) {
            return (Kind::Transition, trimmed.to_owned());
        }
    }
    if let Some(rest) = trimmed.strip_prefix('>') {
        return match rest.strip_suffix('<') {
            Some(text) => (Kind::Centered, text.trim().to_owned()),
            None => (Kind::Transition, rest.trim().to_owned()),
        };
    }
    if around.blank_before && around.content_after && is_cue(trimmed) {
        return character(trimmed);
    }
    if around.in_dialogue {
        if trimmed.starts_with('(') && trimmed.ends_with(')') {
            return (Kind::Parenthetical, trimmed.to_owned());
        }
        return (Kind::Dialogue, trimmed.to_owned());
    }
    (Kind::Action, line.trim_end().to_owned())
}

/// Whether an author who wrote this line most likely meant a heading.
pub(super) fn looks_like_heading(line: &str) -> bool {
    let trimmed = line.trim();
    starts_as_heading(trimmed) && is_upper(trimmed) && (trimmed.contains(" - ") || trimmed.contains('.'))
}

fn forced_heading(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('.')?;
    rest.chars().next().filter(|first| first.is_alphanumeric()).map(|_| rest.trim())
}

/// Openings of headings; longer ones first, as they contain shorter ones.
const OPENINGS: &[&str] =
    &["INT./EXT", "EXT./INT", "INT/EXT", "EXT/INT", "I./E", "E./I", "I/E", "E/I", "INT", "EXT", "EST"];

fn starts_as_heading(text: &str) -> bool {
    OPENINGS.iter().any(|opening| {
        let (Some(start), Some(rest)) = (text.get(..opening.len()), text.get(opening.len()..)) else { return false };
        start.eq_ignore_ascii_case(opening)
            && rest.starts_with(['.', ' ', '-'])
            && rest.contains(|c: char| c.is_alphanumeric())
    })
}

fn heading(text: &str) -> (Kind, String) {
    let (text, number) = match text.strip_suffix('#').and_then(|rest| rest.rsplit_once('#')) {
        Some((before, number))
            if !number.is_empty()
                && !before.trim().is_empty()
                && number.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.')) =>
        {
            (before.trim_end(), Some(number.to_owned()))
        }
        _ => (text, None),
    };
    (Kind::Heading { number }, text.to_owned())
}

fn is_transition(text: &str) -> bool {
    let bare = text.trim_matches(|c| matches!(c, '*' | '_'));
    const WHOLE: &[&str] = &["FADE OUT.", "FADE TO BLACK.", "CUT TO BLACK.", "FADE IN:", "FADE IN."];
    WHOLE.contains(&bare) || (bare.ends_with("TO:") && !bare.chars().any(char::is_lowercase))
}

/// At least one capital letter and no small one. Scripts without case have no cues but forced ones.
fn is_upper(text: &str) -> bool {
    text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}

fn is_cue(text: &str) -> bool {
    let (name, _, _) = cue_parts(text);
    is_upper(name) && !name.starts_with('(')
}

/// Name, extension, and whether the speech stands beside the one before.
fn cue_parts(text: &str) -> (&str, &str, bool) {
    let text = text.trim();
    let (text, dual) = match text.strip_suffix('^') {
        Some(rest) => (rest.trim_end(), true),
        None => (text, false),
    };
    match text.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        Some((name, extension)) => (name.trim_end(), extension.trim(), dual),
        None => (text, "", dual),
    }
}

fn character(cue: &str) -> (Kind, String) {
    let (name, extension, dual) = cue_parts(cue);
    let kind = Kind::Character { name: name.trim().to_owned(), extension: extension.to_owned(), dual };
    (kind, cue.trim().trim_end_matches('^').trim_end().to_owned())
}
