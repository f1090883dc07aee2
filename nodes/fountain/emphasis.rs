//! Taking emphasis marks off a text, for readers that want words.
//!
//! The elements keep `*`, `**`, `***` and `_` as they stand; a mark without a partner on its line is text.

/// The text without emphasis marks and escapes.
pub fn plain(text: &str) -> String {
    if !text.contains(['*', '_', '\\']) {
        return text.to_owned();
    }
    text.split('\n').map(plain_line).collect::<Vec<_>>().join("\n")
}

/// A run of one mark: where it starts, how many characters of it are left after matching.
struct Run {
    at: usize,
    mark: char,
    len: usize,
    left: usize,
    opens: bool,
}

fn plain_line(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut runs: Vec<Run> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let mark = chars[at];
        if mark == '\\' {
            at += 2;
            continue;
        }
        if !matches!(mark, '*' | '_') {
            at += 1;
            continue;
        }
        let len = chars[at..].iter().take_while(|c| **c == mark).count();
        let before = at.checked_sub(1).map_or(' ', |idx| chars[idx]);
        let after = chars.get(at + len).copied().unwrap_or(' ');
        let mut run = Run { at, mark, len, left: len, opens: !after.is_whitespace() };
        if !before.is_whitespace() {
            close(&mut run, &mut runs, &mut open);
        }
        if run.opens && 0 < run.left {
            open.push(runs.len());
        }
        runs.push(run);
        at += len;
    }
    let mut out = String::with_capacity(line.len());
    let (mut at, mut next) = (0, 0);
    while at < chars.len() {
        if let Some(run) = runs.get(next).filter(|run| run.at == at) {
            out.extend(std::iter::repeat_n(run.mark, run.left));
            at += run.len;
            next += 1;
            continue;
        }
        if chars[at] == '\\' && chars.get(at + 1).is_some_and(|c| matches!(c, '*' | '_' | '\\')) {
            at += 1;
        }
        out.push(chars[at]);
        at += 1;
    }
    out
}

/// Matches a closing run with the open ones of its mark, innermost first.
fn close(run: &mut Run, runs: &mut [Run], open: &mut Vec<usize>) {
    while 0 < run.left {
        let Some(top) = open.last().copied() else { return };
        let partner = &mut runs[top];
        if partner.mark != run.mark {
            // `_a *b_`: the star inside has no partner any more. Give up on it only if there is one to reach.
            if open.iter().rev().take(4).any(|idx| runs[*idx].mark == run.mark) {
                open.pop();
                continue;
            }
            return;
        }
        let matched = partner.left.min(run.left);
        partner.left -= matched;
        run.left -= matched;
        if partner.left == 0 {
            open.pop();
        }
    }
}
