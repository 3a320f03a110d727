//! The first look at many events: which of them are ordinary lines, in stretches that the sink counts as one.

use crate::model::{Batch, Block, Span, Stretch};
use crate::parse::{self, Sieve};

/// Puts the ordinary lines of a batch in `stretches`; what is in none of them may matter.
pub(super) fn sift(batch: &Batch<'_>, stretches: &mut Vec<Stretch>) {
    stretches.clear();
    let mut sieve = Sieve::new(batch.block);
    let mut open: Option<(Stretch, &Span)> = None;
    for (number, span) in (0..).zip(batch.spans) {
        if may_matter(&mut sieve, span, batch) {
            stretches.extend(open.take().map(|(stretch, _)| stretch));
            continue;
        }
        if let Some((stretch, last)) = &mut open
            && last.stream == span.stream
        {
            stretch.push(last, span);
            *last = span;
            continue;
        }
        let before = open.replace((Stretch::of_one(number, span), span));
        stretches.extend(before.map(|(stretch, _)| stretch));
    }
    stretches.extend(open.map(|(stretch, _)| stretch));
}

/// Looks at a block before it is handed over.
pub(super) fn sift_block(block: &mut Block) {
    let mut stretches = std::mem::take(&mut block.stretches);
    sift(&block.batch(), &mut stretches);
    block.stretches = stretches;
    block.sifted = true;
}

#[inline]
fn may_matter(sieve: &mut Sieve<'_>, span: &Span, batch: &Batch<'_>) -> bool {
    if span.aside {
        return parse::may_matter(batch.message(span));
    }
    sieve.may_matter(span.from as usize, span.to as usize)
}
