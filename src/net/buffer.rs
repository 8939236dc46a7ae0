//! Buffers for bodies, which never hold more than they may.

/// Makes room for `size` bytes. The capacity doubles, so that growing stays cheap, but not beyond `limit`, which `size` does not
/// exceed. (`Vec` alone would double past it.)
pub(super) fn grow(bytes: &mut Vec<u8>, size: usize, limit: u64) {
    if size > bytes.capacity() {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let room = size.max((2 * bytes.capacity()).min(limit));
        bytes.reserve_exact(room - bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_never_reserves_more_than_its_limit() {
        let mut bytes = Vec::new();
        let mut moves = 0;
        for size in (1..=1000).map(|n| n * 1000) {
            let before = bytes.capacity();
            grow(&mut bytes, size, 1_000_000);
            moves += u32::from(bytes.capacity() != before);
            bytes.resize(size, 0);
            assert!(bytes.capacity() <= 1_000_000);
        }
        assert!(moves <= 12, "it grew {moves} times");
    }
}
