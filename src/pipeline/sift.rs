//! The first look at a batch: finds the ordinary lines, in stretches that the sink counts as one.

use crate::model::{Batch, Block, Span, Stretch};
use crate::parse::{self, Sieve};

/// Puts the ordinary lines of a batch in `stretches`; only events outside of them may matter.
pub(super) fn sift(batch: &Batch<'_>, stretches: &mut Vec<Stretch>) {
    stretches.clear();
    let mut sieve = Sieve::new(batch.block);
    let mut spans = (0..).zip(batch.spans).peekable();
    while let Some((number, first)) = spans.next() {
        if may_matter(&mut sieve, first, batch) {
            continue;
        }
        let (mut stretch, mut last) = (Stretch::of_one(number, first), first);
        while let Some((_, span)) = spans.next_if(|(_, span)| span.stream == last.stream) {
            if may_matter(&mut sieve, span, batch) {
                break;
            }
            stretch.push(last, span);
            last = span;
        }
        stretches.push(stretch);
    }
}

/// Sifts a block before it is handed over.
pub(super) fn sift_block(block: &mut Block) {
    let mut stretches = std::mem::take(&mut block.stretches);
    sift(&block.batch(), &mut stretches);
    block.stretches = stretches;
    block.sifted = true;
}

#[inline(always)]
fn may_matter(sieve: &mut Sieve<'_>, span: &Span, batch: &Batch<'_>) -> bool {
    if span.aside {
        return parse::may_matter(batch.message(span));
    }
    sieve.may_matter(span.from as usize, span.to as usize)
}
