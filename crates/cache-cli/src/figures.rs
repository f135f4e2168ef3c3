//! Numbers as people read them, the same in both languages.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes in the largest binary unit that gives at least one.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(crate) fn bytes(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) if bytes.is_multiple_of(size) => format!("{} {unit}", bytes / size),
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / size as f64),
        None => format!("{bytes} B"),
    }
}

/// A span of time with two or three significant digits, or in whole units from minutes on.
pub(crate) fn span(duration: Duration) -> String {
    let micros = duration.as_micros();
    let seconds = duration.as_secs();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
        _ if seconds < 60 => format!("{:.1} s", duration.as_secs_f64()),
        _ if seconds < 3_600 => two_units(seconds / 60, "min", seconds % 60, "s"),
        _ if seconds < 86_400 => two_units(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => two_units(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

fn two_units(first: u64, unit: &str, second: u64, smaller_unit: &str) -> String {
    match second {
        0 => format!("{first} {unit}"),
        _ => format!("{first} {unit} {second} {smaller_unit}"),
    }
}

/// A part of one, in percent.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// US dollars: in cents from a dime on, below that with two significant digits.
pub(crate) fn dollars(amount: f64) -> String {
    if amount <= 0.0 {
        return "$0".to_owned();
    }
    // The place of the first digit that is not zero: 1 for 0.5, 2 for 0.05.
    #[expect(clippy::cast_possible_truncation, reason = "far below the bounds")]
    let first = -(amount.log10().floor() as i32);
    let decimals = usize::try_from(first + 1).unwrap_or(0).max(2);
    let shown = format!("{amount:.decimals$}");
    match shown.split_once('.') {
        Some((whole, cents)) => {
            format!("${}.{cents}", whole.parse().map_or(whole.to_owned(), count))
        }
        None => format!("${shown}"),
    }
}

/// The price of a million tokens, in US dollars, with all of its digits.
pub(crate) fn price(amount: f64) -> String {
    format!("${amount}")
}

/// A text on one line, without anything that a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text on one line, so many characters of it.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    // What is beyond is not looked at: a blank of the text may be many bytes.
    let beginning: String = text.chars().take(4 * most).collect();
    let line = one_line(&beginning);
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if beginning.len() < text.len() => format!("{line}…"),
        None => line,
    }
}

/// A text as it is, but for what a terminal would obey; line feeds and tabs stay.
pub(crate) fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Microseconds, as far as they fit.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn bytes_have_binary_units() {
        let cases = [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (512 << 20, "512 MiB")];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn small_amounts_keep_two_digits() {
        let cases = [
            (0.0, "$0"),
            (1.76e-7, "$0.00000018"),
            (0.0149, "$0.015"),
            (0.05, "$0.050"),
            (0.123, "$0.12"),
            (7.0, "$7.00"),
            (12_345.678, "$12,345.68"),
        ];
        for (amount, text) in cases {
            assert_eq!(dollars(amount), text);
        }
        assert_eq!((price(0.022).as_str(), price(10.0).as_str()), ("$0.022", "$10"));
    }

    #[test]
    fn texts_of_others_cannot_command_the_terminal() {
        assert_eq!(one_line("a\n b\t\u{1b}[31mc\u{9b}1m"), "a b [31mc 1m");
        assert_eq!(excerpt("가 나\n다 라", 4), "가 나 …");
        assert_eq!(excerpt("가 나\n다", 5), "가 나 다");
        assert_eq!(excerpt(&"  ".repeat(50), 5), "…");
        assert_eq!(visible("a\n b\t\u{1b}[31mc\u{9b}1m\r"), "a\n b\t[31mc1m");
    }

    #[test]
    fn spans_have_fitting_units() {
        let cases = [
            (Duration::from_micros(42), "42 µs"),
            (Duration::from_micros(1_250), "1.2 ms"),
            (Duration::from_millis(2_300), "2.3 s"),
            (Duration::from_secs(95), "1 min 35 s"),
            (Duration::from_secs(3_600), "1 h"),
            (Duration::from_secs(90_000), "1 d 1 h"),
        ];
        for (duration, text) in cases {
            assert_eq!(span(duration), text);
        }
    }
}
