//! Runs of inputs that travel in one request.

use std::ops::Range;

/// A run of places in a batch.
pub(super) type Part = Range<usize>;

/// Cuts a run into parts of at most so many inputs and tokens. An input that alone is over the token
/// limit gets a part of its own.
pub(super) fn split(
    run: Part,
    tokens: &[usize],
    max_inputs: usize,
    max_tokens: usize,
) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut start, mut sum) = (run.start, 0usize);
    for place in run.clone() {
        let more = tokens[place];
        let inputs = place - start;
        if inputs >= max_inputs.max(1) || (inputs > 0 && sum.saturating_add(more) > max_tokens) {
            parts.push(start..place);
            (start, sum) = (place, 0);
        }
        sum = sum.saturating_add(more);
    }
    if start < run.end {
        parts.push(start..run.end);
    }
    parts
}

/// The two halves of a part of at least two inputs.
pub(super) fn halves(part: &Part) -> [Part; 2] {
    let middle = part.start + part.len() / 2;
    [part.start..middle, middle..part.end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_run_within_the_limits() {
        let tokens = [3, 3, 3, 20, 1, 1, 1, 1, 1];
        let parts = split(0..9, &tokens, 4, 6);
        assert_eq!(parts, [0..2, 2..3, 3..4, 4..8, 8..9]);
        assert_eq!(split(4..7, &tokens, 100, 100), vec![Part { start: 4, end: 7 }]);
        assert!(split(2..2, &tokens, 1, 1).is_empty());
        assert_eq!(split(0..2, &tokens, 0, 0), [0..1, 1..2]);
    }

    #[test]
    fn halves_are_not_empty() {
        assert_eq!(halves(&(3..5)), [3..4, 4..5]);
        assert_eq!(halves(&(3..6)), [3..4, 4..6]);
    }
}
