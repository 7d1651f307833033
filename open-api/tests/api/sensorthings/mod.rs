//! OGC SensorThings 1.1 and 2.0: what their clients read, by the requirements of
//! the classes that the landing pages list.

mod city;
mod client;
mod entities;
mod errors;
mod filter;
mod formats;
mod landing;
mod links;
mod moves;
mod narrowing;
mod observations;
mod order_page;
mod paths;
mod rights;
mod select_expand;
mod v2_0;
