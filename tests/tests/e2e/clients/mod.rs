//! Other software, and a newcomer's commands.

mod demo;
mod foreign_clients;
mod generated_clients;
mod libraries;
mod readme;
mod real_clients;
mod sensorthings_docs;
