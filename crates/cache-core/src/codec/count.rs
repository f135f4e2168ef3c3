/// How many of the values are so. Counts in bytes, so that it vectorises.
#[inline]
pub(super) fn count<T: Copy>(values: &[T], is_so: impl Fn(T) -> bool) -> usize {
    let chunks = values.chunks(128);
    chunks.map(|chunk| usize::from(chunk.iter().map(|v| u8::from(is_so(*v))).sum::<u8>())).sum()
}
