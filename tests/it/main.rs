//! The whole program, from outside: the house rules, the example graphs, the command line, damaged inputs.

mod bad;
mod cli;
mod graphs;
mod helpers;
mod json;
mod tidy;
