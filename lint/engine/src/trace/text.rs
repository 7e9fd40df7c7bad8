//! The text form of traces: one step a line, printed and parsed without loss.
