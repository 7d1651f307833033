//! The OpenAPI document, the pages, and whole answers.

mod description;
mod pages;
mod schema;
mod whole_answers;
