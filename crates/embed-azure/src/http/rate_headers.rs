//! `x-ratelimit-*`: what is left before the service has to refuse.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::delay::seconds;

/// What a reply says is left of one resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    pub(super) remaining: f64,
    pub(super) limit: Option<f64>,
    /// How long until all of it is there again.
    pub(super) reset: Duration,
}

/// What is left of `requests` or `tokens`; `None` unless both the rest and its renewal are known.
pub(super) fn left(headers: &HeaderMap, of: &str) -> Option<Left> {
    let text =
        |what: &str| headers.get(format!("x-ratelimit-{what}-{of}"))?.to_str().ok().map(str::trim);
    let number = |what: &str| text(what)?.parse::<f64>().ok().filter(|n| n.is_finite());
    Some(Left {
        remaining: number("remaining")?.max(0.0),
        limit: number("limit").filter(|limit| *limit > 0.0),
        reset: duration(text("reset")?)?,
    })
}

/// `10` (seconds), `1s`, `120ms`, `6m0s`, `1h2m3.5s`.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(digits);
        let letters = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let number: f64 = number.parse().ok()?;
        total += number
            * match unit {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = behind;
    }
    seconds(total).filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let ms = |text| duration(text).map(|d| d.as_millis());
        assert_eq!(ms("10"), Some(10_000));
        assert_eq!(ms("1s"), Some(1_000));
        assert_eq!(ms("6m0s"), Some(360_000));
        assert_eq!(ms("120ms"), Some(120));
        assert_eq!(ms("1h2m3.5s"), Some(3_723_500));
        for text in ["", "s", "1x", "soon", "-1", "1s2", "NaN", "."] {
            assert_eq!(ms(text), None, "{text:?}");
        }
    }

    #[test]
    fn half_a_statement_is_none() {
        let of = |pairs: &[(&'static str, &str)]| {
            let map = pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
            left(&map, "requests")
        };
        let remaining = ("x-ratelimit-remaining-requests", "3");
        let reset = ("x-ratelimit-reset-requests", "1s");
        assert_eq!(of(&[remaining]), None);
        assert_eq!(of(&[reset]), None);
        let left = of(&[remaining, reset]).unwrap();
        assert_eq!((left.remaining, left.limit, left.reset.as_secs()), (3.0, None, 1));
    }
}
