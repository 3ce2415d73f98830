//! Tables over the whole API. Their rows are the operations of its own description, so that a new one without an
//! expectation fails.

mod lists;
mod rights;
mod stage;
mod twice;
