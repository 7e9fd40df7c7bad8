//! Reads from clang's messages which name is missing, and where.

/// What a message says about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The scopes around it, outermost first; empty: found by unqualified lookup, or in the global namespace.
    pub scope: Vec<String>,
    /// The name; empty if the message does not tell it and the token at its place must.
    pub name: String,
    /// True if the scope is a class.
    pub in_class: bool,
    /// What the message says it should be.
    pub wanted: Wanted,
}

/// What a message says that a name should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Anything: the use decides.
    Anything,
    /// A type.
    Type,
    /// A template.
    Template,
    /// A namespace.
    Namespace,
    /// A function.
    Function,
    /// Something that makes a declaration, so a macro.
    Declaration,
    /// The name is declared twice: an invention is in the way.
    Nothing,
    /// The name was invented as a type and is used as a value.
    NotAType,
    /// The name was invented as something that has no members.
    Scope,
}

/// What is wrong with a use of names that are declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A constant must stand there.
    NotConstant,
    /// A template argument is of the other kind than its parameter.
    Argument {
        /// True if the argument is a value.
        is_value: bool,
    },
    /// A function of this name is launched and is no kernel.
    Launched(String),
    /// No function of this name takes the arguments, or several do equally well.
    NoOverload(String),
}

/// True for a message about an invented object that costs nothing: clang converts what is switched over, and
/// says that it should have been written.
pub fn is_kept(message: &str) -> bool {
    message.starts_with("switch condition type")
        && message.ends_with("requires explicit conversion to 'long'")
}

/// Reads a message that [`read`] does not understand.
pub fn read_problem(message: &str) -> Option<Problem> {
    if message.starts_with("template argument for template type parameter must be a type") {
        return Some(Problem::Argument { is_value: true });
    }
    if message.starts_with("template argument for non-type template parameter must be an expression") {
        return Some(Problem::Argument { is_value: false });
    }
    let not_constant = [
        "case value is not a constant expression",
        "fields must have a constant size",
        "variable length array declaration",
        "array size is not a constant expression",
        "variable-sized object may not be initialized",
        "non-type template argument is not a constant expression",
        "a non-type template parameter cannot have type",
        "static assertion expression is not an integral constant expression",
        "constexpr if condition is not a constant expression",
        "enumerator value",
        "in-class initializer for static data member",
        "expression is not an integral constant expression",
        "integer constant expression",
        "integral constant expression requires explicit conversion",
    ];
    if not_constant.iter().any(|start| message.starts_with(start))
        || message.ends_with("must be initialized by a constant expression")
    {
        return Some(Problem::NotConstant);
    }
    if let Some(name) = message.strip_prefix("kernel call to non-global function ") {
        return Some(Problem::Launched(name.trim_matches('\'').to_owned()));
    }
    let name = message
        .strip_prefix("no matching function for call to '")
        .or_else(|| message.strip_prefix("call to '").filter(|rest| rest.ends_with("is ambiguous")))?;
    Some(Problem::NoOverload(name.split('\'').next()?.to_owned()))
}

/// Reads a message. `None` if it is about something else.
pub fn read(message: &str) -> Option<Complaint> {
    let simple = |name: &str, wanted| {
        Some(Complaint { scope: Vec::new(), name: name.to_owned(), in_class: false, wanted })
    };
    let mut quoted = message.split('\'').skip(1).step_by(2);
    let first = quoted.next();
    let second = quoted.next();

    if message.starts_with("use of undeclared identifier") {
        return simple(first?, Wanted::Anything);
    }
    if message.starts_with("unknown type name") || message.starts_with("unknown class name") {
        return simple(first?, Wanted::Type);
    }
    if message.starts_with("expected class name") {
        return simple("", Wanted::Type);
    }
    if message.starts_with("expected namespace name") {
        return simple("", Wanted::Namespace);
    }
    if message.starts_with("call to function") && message.contains("neither visible") {
        return simple(first?, Wanted::Function);
    }
    if message.starts_with("call to undeclared function") || message.starts_with("call to undeclared library")
    {
        return simple(first?, Wanted::Function);
    }
    if message.contains("type specifier for all declarations")
        || message.starts_with("a type specifier is required")
        || message.starts_with("expected function body after function declarator")
    {
        return simple("", Wanted::Declaration);
    }
    if message.starts_with("redefinition of")
        || message.starts_with("typedef redefinition")
        || message.starts_with("conflicting types for")
        || (message.starts_with("reference to") && message.ends_with("is ambiguous"))
        || message.starts_with("functions that differ only in their return type")
        || message.starts_with("redeclaration of")
        || message.ends_with("conflicts with typedef of the same name")
        || message.contains("as different kind of symbol")
        || message.contains("as a different kind of symbol")
    {
        return simple(first.unwrap_or_default(), Wanted::Nothing);
    }
    if message.ends_with("does not refer to a value") || message.starts_with("unexpected type name") {
        return simple(first?, Wanted::NotAType);
    }
    if message.ends_with("is not a class, namespace, or enumeration") {
        return simple(first?, Wanted::Scope);
    }

    let wanted = if message.starts_with("no type named") {
        Wanted::Type
    } else if message.starts_with("no template named") {
        Wanted::Template
    } else if message.starts_with("no member named") {
        Wanted::Anything
    } else {
        return None;
    };
    let scope = match second {
        Some(scope) => split_scope(scope)?,
        None => Vec::new(),
    };
    let in_class = second.is_some() && !message.contains("in namespace");
    Some(Complaint { scope, name: first?.to_owned(), in_class, wanted })
}

/// Splits `a::B<c::d>` into `a` and `B`.
fn split_scope(text: &str) -> Option<Vec<String>> {
    let mut plain = String::new();
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.checked_sub(1)?,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let plain = plain.trim_start_matches("const ").trim_start_matches("class ").trim_start_matches("struct ");
    let parts: Vec<String> = plain.split("::").map(|part| part.trim().to_owned()).collect();
    parts.iter().all(|part| super::super::flags::is_identifier(part)).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_tell_name_scope_and_kind() {
        let complaint = read("use of undeclared identifier 'foo'").unwrap();
        assert_eq!((complaint.name.as_str(), complaint.wanted), ("foo", Wanted::Anything));
        let complaint = read("no type named 'Tensor' in namespace 'torch::nn'").unwrap();
        assert_eq!(complaint.scope, ["torch", "nn"]);
        assert_eq!(complaint.wanted, Wanted::Type);
        let complaint = read("no member named 'size' in 'ns::Buffer<std::vector<int>>'").unwrap();
        assert_eq!(complaint.scope, ["ns", "Buffer"]);
        assert_eq!(read("no member named 'f' in the global namespace").unwrap().scope, Vec::<String>::new());
        assert_eq!(read("redefinition of 'x' as different kind of symbol").unwrap().wanted, Wanted::Nothing);
        assert_eq!(read("expected ';' after expression"), None);
        assert_eq!(read_problem("call to 'sin' is ambiguous"), Some(Problem::NoOverload("sin".into())));
        assert_eq!(read_problem("call to constructor of 'A' is ambiguous"), None);
        assert_eq!(read_problem("case value is not a constant expression"), Some(Problem::NotConstant));
        let launched = read_problem("kernel call to non-global function 'ns::init<float>'");
        assert_eq!(launched, Some(Problem::Launched("ns::init<float>".into())));
        assert_eq!(read("no member named 'x' in '(lambda at a.cu:1:2)'"), None);
    }
}
