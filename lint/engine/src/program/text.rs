//! The text form of a program: what tests compare and `--dump program` prints.
