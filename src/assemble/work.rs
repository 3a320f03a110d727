//! A count of the work that looking for attempts and streams takes. Tests hold it to grow with the input only; without
//! tests, nothing is counted.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts attempts or streams that were looked at.
#[inline(always)]
pub(crate) fn done(_steps: usize) {
    #[cfg(test)]
    DONE.with(|done| done.set(done.get() + _steps));
}

/// Returns what was counted in this thread, and begins anew.
#[cfg(test)]
pub(crate) fn take() -> usize {
    DONE.with(std::cell::Cell::take)
}
