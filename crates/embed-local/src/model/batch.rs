//! Texts of about one length, for one run of the model.

/// Rows of a run times the length of its longest: what a processor's caches hold well. More would be
/// slower, and a dropped call would end later.
const TOKENS_PER_RUN: usize = 512;

/// Tokenized texts of one run, each by its place in the call.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) texts: Vec<(usize, Vec<u32>)>,
}

impl Batch {
    /// Puts texts of like length together, the longest first, so that there is little padding. A
    /// batch has one text or [`TOKENS_PER_RUN`], padding included.
    pub(super) fn plan(mut texts: Vec<(usize, Vec<u32>)>) -> Vec<Self> {
        texts.sort_by_key(|(index, tokens)| (std::cmp::Reverse(tokens.len()), *index));
        let mut batches: Vec<Self> = Vec::new();
        for text in texts {
            match batches.last_mut() {
                Some(batch) if batch.has_room() => batch.texts.push(text),
                _ => batches.push(Self { texts: vec![text] }),
            }
        }
        batches
    }

    /// The tokens of the longest text, at least one.
    pub(super) fn width(&self) -> usize {
        self.texts.iter().map(|(_, tokens)| tokens.len()).max().unwrap_or(0).max(1)
    }

    /// Whether one more text, no longer than those it has, fits in.
    fn has_room(&self) -> bool {
        (self.texts.len() + 1) * self.width() <= TOKENS_PER_RUN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_lengths_go_together() {
        let lengths = [3, 256, 3, 100, 256, 1];
        let texts = lengths.iter().map(|length| vec![7; *length]).enumerate().collect();
        let batches = Batch::plan(texts);
        let places = |batch: &Batch| batch.texts.iter().map(|(index, _)| *index).collect();
        let planned: Vec<Vec<usize>> = batches.iter().map(places).collect();
        assert_eq!(planned, [vec![1, 4], vec![3, 0, 2, 5]]);
        assert_eq!(batches[0].width(), 256);
    }

    #[test]
    fn runs_are_bounded() {
        let batches = Batch::plan((0..20).map(|index| (index, vec![1; 512])).collect());
        assert_eq!(batches.iter().map(|batch| batch.texts.len()).collect::<Vec<_>>(), [1; 20]);
        let long = Batch::plan((0..2).map(|index| (index, vec![1; 10_000])).collect());
        assert_eq!(long.len(), 2, "a text that is too long alone goes alone");
        assert!(Batch::plan(vec![]).is_empty());
    }
}
