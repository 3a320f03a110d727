//! Where lines end: found for a whole block at once, which is much faster than looking at each line as it is found.

use wide::u8x16;

/// Bytes compared at a time: a bit for each.
const BITS: usize = 64;

/// Bytes of a line, for a first guess at how many there are.
const USUAL_LINE: usize = 128;

/// Puts the places of the line ends from `from` on in `ends`, in place of what was there. A block is no longer than four
/// gigabytes.
pub(super) fn find(text: &[u8], from: usize, ends: &mut Vec<u32>) {
    let text = text.get(from..).unwrap_or_default();
    let (blocks, rest) = text.as_chunks();
    let mut place = from;
    let mut count = 0;
    ends.resize(text.len() / USUAL_LINE, 0);
    for block in blocks {
        if ends.len() < count + BITS {
            ends.resize(count * 2 + BITS, 0);
        }
        let mut bits = line_ends_of(block);
        // Whether there is one can hardly be foreseen, so the first is written in any case; that there are more is rare.
        loop {
            ends[count] = place as u32 + bits.trailing_zeros();
            count += usize::from(bits != 0);
            bits &= bits.wrapping_sub(1);
            if bits == 0 {
                break;
            }
        }
        place += BITS;
    }
    ends.truncate(count);
    ends.extend(memchr::memchr_iter(b'\n', rest).map(|end| (place + end) as u32));
}

#[inline(always)]
fn line_ends_of(block: &[u8; BITS]) -> u64 {
    let (parts, _) = block.as_chunks();
    let bits = |part: &[u8; 16]| u64::from(u8x16::new(*part).simd_eq(u8x16::splat(b'\n')).to_bitmask());
    parts.iter().rfold(0, |all, part| all << 16 | bits(part))
}

/// Line ends in `bytes`.
pub(super) fn count(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    proptest::proptest! {
        #[test]
        fn finds_every_one(text in "[ab\n]{0,300}", from in 0usize..310) {
            let mut ends = vec![7];
            super::find(text.as_bytes(), from, &mut ends);
            let want: Vec<_> = text.match_indices('\n').map(|(at, _)| at).filter(|at| *at >= from).map(|at| at as u32).collect();
            proptest::prop_assert_eq!(super::count(text.as_bytes()) as usize, text.matches('\n').count());
            proptest::prop_assert_eq!(ends, want);
        }
    }
}
