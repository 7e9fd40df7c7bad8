//! Whose end releases memory.

/// A variable at whose end memory is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// A variable with a name and automatic storage.
    Local,
    /// A temporary: it ends with the full expression that makes it ([class.temporary]), or with the caller's
    /// for an argument of class type that is passed by value.
    Temporary,
    /// A parameter that holds its argument's value: it ends with the call.
    Parameter,
}
