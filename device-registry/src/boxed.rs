//! Lists without room to grow. Most things and devices have one of each of what
//! they list, and a `Vec` that was pushed to keeps room for four.

/// Adds one as the last.
pub(crate) fn push<T>(list: &mut Box<[T]>, one: T) {
    let mut all = std::mem::take(list).into_vec();
    all.reserve_exact(1);
    all.push(one);
    *list = all.into();
}
