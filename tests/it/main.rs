//! The whole program, from outside: the house rules, the example graphs, the command line, damaged inputs.

mod tidy;
