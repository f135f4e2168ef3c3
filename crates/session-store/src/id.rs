//! Ids that nobody guesses.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// 128 random bits of the operating system, as 22 characters of base64url.
///
/// # Panics
/// When the operating system has no random numbers: nothing is safe then.
pub(crate) fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    let bits = u128::from_be_bytes(bytes);
    // The first character has the two bits that are left over.
    let character = |place: u32| {
        let six = (bits >> (6 * place)) & 63;
        char::from(ALPHABET[usize::try_from(six).unwrap_or(0)])
    };
    (0..22).rev().map(character).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn ids_are_long_and_never_the_same() {
        let ids: HashSet<_> = (0..1_000).map(|_| super::random()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 22));
        let used: HashSet<_> = ids.iter().flat_map(|id| id.chars()).collect();
        assert_eq!(used.len(), 64, "every character occurs");
    }
}
