//! Writes the declarations of invented names.
//!
//! An unknown object is an `__cl_any`: it converts to anything, takes any operator, and can be called,
//! indexed, dereferenced and iterated over. What is invented is declared, never defined: its effects stay
//! unknown to the analysis.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::super::embedded;
use super::super::flags::Language;
use super::place::is_cuda_function;
use super::{Form, Header, Kind, Member, Node};

/// Attributes under CUDA: device code calls unknown functions too.
const HEAD: &str = "\
#pragma clang system_header
#if defined(__CUDA__)
#define __CL_HD __attribute__((host)) __attribute__((device))
#else
#define __CL_HD
#endif
struct __cl_list { template <class... A> __CL_HD __cl_list(A &&...); };
enum __cl_none {};
";

/// Members of every invented class, with `@` for its name.
const CLASS_MEMBERS: &str = "\
  __CL_HD @();
  __CL_HD @(const @ &);
  __CL_HD @(@ &);
  __CL_HD @(@ &&);
  template <class A, class... B> __CL_HD EXPLICIT @(A &&, B &&...);
  __CL_HD ~@();
  __CL_HD @ &operator=(const @ &);
  template <class T> __CL_HD @ &operator=(T &&);
";

/// What an unknown object can do besides; inherited by invented classes.
///
/// The conversion to a number is for `switch`, which takes no template. It is explicit, so that an operator
/// with an unknown operand is not tried with every pair of numbers that C++ knows (a hundred and more, each
/// with two conversions to be deduced: in hoomd-blue nine tenths of the time of a file). clang says so of a
/// `switch`, and takes it nonetheless ([`super::message::is_kept`]).
const ANY_MEMBERS: &str = "\
  template <class T> __CL_HD operator T &() const;
  __CL_HD explicit operator long() const;
  __CL_HD __cl_any &operator=(__cl_list);
  template <class... A> __CL_HD __cl_any operator()(A &&...) const;
  template <class... A> __CL_HD __cl_any operator()(__cl_list, A &&...) const;
  template <class T, class... A> __CL_HD __cl_any operator()(T &&, __cl_list, A &&...) const;
  template <class T> __CL_HD __cl_any &operator[](T &&) const;
  __CL_HD __cl_any &operator*() const;
  __CL_HD __cl_any *operator->() const;
  __CL_HD __cl_any &operator++();
  __CL_HD __cl_any operator++(int);
  __CL_HD __cl_any &operator--();
  __CL_HD __cl_any operator--(int);
  __CL_HD __cl_any operator-() const;
  __CL_HD __cl_any operator+() const;
  __CL_HD __cl_any operator~() const;
  __CL_HD bool operator!() const;
  __CL_HD __cl_any begin() const;
  __CL_HD __cl_any end() const;
  template <class T> __CL_HD __cl_any &operator+=(T &&);
  template <class T> __CL_HD __cl_any &operator-=(T &&);
  template <class T> __CL_HD __cl_any &operator*=(T &&);
  template <class T> __CL_HD __cl_any &operator/=(T &&);
  template <class T> __CL_HD __cl_any &operator%=(T &&);
  template <class T> __CL_HD __cl_any &operator|=(T &&);
  template <class T> __CL_HD __cl_any &operator&=(T &&);
  template <class T> __CL_HD __cl_any &operator^=(T &&);
  template <class T> __CL_HD __cl_any &operator<<=(T &&);
  template <class T> __CL_HD __cl_any &operator>>=(T &&);
";

/// Operators between an unknown object and something else. Pointers are left to the built-in operators, so
/// that `p + unknown` still points into `p`.
const OPERATORS: &str = "\
template <class T> struct __cl_is_any { static constexpr bool value = __is_base_of(__cl_any, T); };
template <class T> struct __cl_bare { using type = T; };
template <class T> struct __cl_bare<T &> { using type = T; };
template <class T> struct __cl_bare<T &&> { using type = T; };
template <class T> struct __cl_bare<const T> { using type = T; };
template <class T> struct __cl_bare<const T &> { using type = T; };
template <bool B, class T> struct __cl_if {};
template <class T> struct __cl_if<true, T> { using type = T; };
template <class T> struct __cl_pointer { static constexpr bool value = false; };
template <class T> struct __cl_pointer<T *> { static constexpr bool value = true; };
template <class T, decltype(sizeof(0)) N> struct __cl_pointer<T[N]> { static constexpr bool value = true; };
template <class L, class R> struct __cl_operands {
  using l = typename __cl_bare<L>::type;
  using r = typename __cl_bare<R>::type;
  static constexpr bool any = __is_base_of(__cl_any, l) || __is_base_of(__cl_any, r);
  static constexpr bool value = any && !__cl_pointer<l>::value && !__cl_pointer<r>::value;
  static constexpr bool onto_value = value && !__is_base_of(__cl_any, l);
};
#define __CL_BINARY(op, result) \\
  template <class L, class R> \\
  __CL_HD typename __cl_if<__cl_operands<L, R>::value, result>::type operator op(L &&, R &&);
__CL_BINARY(+, __cl_any)
__CL_BINARY(-, __cl_any)
#undef __CL_BINARY
#define __CL_BINARY(op, result) \\
  template <class L, class R> \\
  __CL_HD typename __cl_if<__cl_operands<L, R>::any, result>::type operator op(L &&, R &&);
__CL_BINARY(*, __cl_any)
__CL_BINARY(/, __cl_any)
__CL_BINARY(%, __cl_any)
__CL_BINARY(&, __cl_any)
__CL_BINARY(|, __cl_any)
__CL_BINARY(^, __cl_any)
__CL_BINARY(<<, L &)
__CL_BINARY(>>, L &)
__CL_BINARY(==, bool)
__CL_BINARY(!=, bool)
__CL_BINARY(<, bool)
__CL_BINARY(>, bool)
__CL_BINARY(<=, bool)
__CL_BINARY(>=, bool)
#undef __CL_BINARY
#define __CL_ASSIGN(op) \\
  template <class L, class R> \\
  __CL_HD typename __cl_if<__cl_operands<L, R>::onto_value, L &>::type operator op(L &, R &&);
__CL_ASSIGN(+=)
__CL_ASSIGN(-=)
__CL_ASSIGN(*=)
__CL_ASSIGN(/=)
__CL_ASSIGN(%=)
__CL_ASSIGN(|=)
__CL_ASSIGN(&=)
__CL_ASSIGN(^=)
#undef __CL_ASSIGN
template <class... A> struct __cl_has_any { static constexpr bool value = false; };
template <class A, class... B> struct __cl_has_any<A, B...> {
  static constexpr bool value = __is_base_of(__cl_any, typename __cl_bare<A>::type) || __cl_has_any<B...>::value;
};
template <class... A> __CL_HD bool __cl_use(A &&...);
";

/// What HIP's names are other names of, unless the real headers are read, which declare it in time or not at all.
const CUDA_BY_OTHER_NAMES: &str = "\
#if defined(__EMB_BEGIN_C)
#include \"cuda/runtime_host.h\"
#endif
";

/// The repair file for C++ and CUDA, or for C. Empty if nothing was invented.
pub fn text(
    language: Language,
    names: &BTreeMap<String, Node>,
    members: &BTreeMap<String, Member>,
    headers: &BTreeSet<Header>,
) -> String {
    if names.is_empty() && members.is_empty() && headers.is_empty() {
        return String::new();
    }
    let headers: String = headers.iter().map(|header| include(*header)).collect();
    if language == Language::C {
        return text_for_c(&headers, names);
    }
    let mut text = headers + HEAD;
    if language != Language::Cuda && names.keys().any(|name| cuda_name(name).is_some()) {
        text.push_str(CUDA_BY_OTHER_NAMES);
    }
    text.push_str("struct __cl_any {\n");
    text.push_str(&class_members("__cl_any", true));
    text.push_str(ANY_MEMBERS);
    for (name, member) in members {
        if let Member::Constant(value) = member {
            let _ = writeln!(text, "  static constexpr int {name} = {value};");
        } else if *member == Member::Template {
            let _ =
                writeln!(text, "  template <class... T, class... A> __CL_HD __cl_any {name}(A &&...) const;");
        } else {
            let _ = writeln!(text, "  static __cl_any &{name};");
        }
    }
    text.push_str("};\n");
    text.push_str(OPERATORS);
    // The other preludes do not declare CUDA's types.
    scope(&mut text, names, Place::Namespace { global: language == Language::Cuda });
    macros(&mut text, names);
    text
}

/// Includes a header of CUDA's: the embedded one, or the toolkit's where the real headers are read.
fn include(header: Header) -> String {
    let (embedded, real) = match header {
        Header::Runtime => ("cuda/runtime_host.h", "cuda_runtime.h"),
        Header::Driver => ("cuda/driver_api2.h", "cuda.h"),
    };
    format!("#if defined(__EMB_BEGIN_C)\n#include \"{embedded}\"\n#else\n#include <{real}>\n#endif\n")
}

/// The members that each class needs of its own. Everything converts to an invented class, for it may be
/// a parameter's type; nothing converts to the anonymous one, so that `c ? 1.0 : unknown` has one type.
fn class_members(name: &str, is_explicit: bool) -> String {
    CLASS_MEMBERS.replace('@', name).replace("EXPLICIT ", if is_explicit { "explicit " } else { "" })
}

// Arguments of templates that are written out must not reach the pack of what is deduced: libclang 18 crashes
// where a parameter of such a pack cannot be made of the argument of the call. So a pack of its own takes
// them (`E`, and those of `parameters`), or a parameter that nothing fits (`__cl_none`).

/// Where a declaration stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Namespace { global: bool },
    Class,
}

fn scope(text: &mut String, names: &BTreeMap<String, Node>, place: Place) {
    // Types before what may mention them.
    let is_type = |node: &Node| matches!(node.kind, Kind::Namespace | Kind::Class | Kind::ClassTemplate(_));
    for (name, node) in names.iter().filter(|(_, node)| is_type(node)) {
        declare(text, name, node, place);
    }
    for (name, node) in names.iter().filter(|(_, node)| !is_type(node)) {
        declare(text, name, node, place);
    }
}

fn declare(text: &mut String, name: &str, node: &Node, place: Place) {
    let alias = match (place, &node.kind) {
        (Place::Class, _) => None,
        (_, Kind::Class) => {
            cuda_name(name).filter(|_| name.ends_with("_t")).map(|it| format!("using {name} = {it};"))
        }
        (_, Kind::Value | Kind::Constant(_)) => cuda_name(name)
            .filter(|_| !name.ends_with("_t"))
            .map(|it| format!("constexpr auto {name} = {it};")),
        _ => None,
    };
    if let Some(alias) = alias {
        let _ = writeln!(text, "#if defined(__EMB_BEGIN_C)\n{alias}\n#else");
        declare_unknown(text, name, node, place);
        let _ = writeln!(text, "#endif");
    } else {
        declare_unknown(text, name, node, place);
    }
}

/// CUDA's name for a type or constant of HIP's that a file uses without HIP's headers: a program that its build
/// translates (`hipify`) may be written in both.
fn cuda_name(name: &str) -> Option<&'static str> {
    if !name.starts_with("hip") {
        return None;
    }
    let mut lines = embedded::text("lib/hip_generated.h")?.lines();
    lines.find_map(|line| line.strip_prefix("#define ")?.strip_prefix(name)?.strip_prefix(' '))
}

fn declare_unknown(text: &mut String, name: &str, node: &Node, place: Place) {
    let outer = if place == Place::Class { "static " } else { "" };
    let _ = match &node.kind {
        Kind::Macro(_) => Ok(()),
        Kind::Namespace if place == Place::Class => Ok(()),
        Kind::Namespace => {
            let _ = writeln!(text, "namespace {name} {{");
            scope(text, &node.members, Place::Namespace { global: false });
            writeln!(text, "}}")
        }
        Kind::Class | Kind::ClassTemplate(_) => {
            if let Kind::ClassTemplate(kinds) = &node.kind {
                let _ = writeln!(text, "template <{}>", parameters(kinds));
            }
            let _ = writeln!(text, "struct {name} : __cl_any {{");
            text.push_str(&class_members(name, false));
            scope(text, &node.members, Place::Class);
            writeln!(text, "}};")
        }
        Kind::Function => {
            let result =
                if place == (Place::Namespace { global: true }) { result_of(name) } else { "__cl_any" };
            let head = |deduced: &str| format!("template <class... E, {deduced}> __CL_HD {outer}{result}");
            let _ = writeln!(text, "{} {name}(A &&...);", head("class... A"));
            // From a list in braces nothing can be deduced.
            let _ = writeln!(text, "{} {name}(__cl_list, A &&...);", head("class... A"));
            writeln!(text, "{} {name}(T &&, __cl_list, A &&...);", head("class T, class... A"))
        }
        Kind::Overload => writeln!(
            text,
            "template <__cl_none = __cl_none(), class... A> __CL_HD {outer}typename __cl_if<__cl_has_any<A...>::value, __cl_any>::type {name}(A &&...);"
        ),
        Kind::Concept => writeln!(text, "template <class...> inline constexpr bool {name} = true;"),
        Kind::Constant(value) => writeln!(text, "{outer}constexpr int {name} = {value};"),
        Kind::FunctionTemplate(kinds) => {
            let result =
                if place == (Place::Namespace { global: true }) { result_of(name) } else { "__cl_any" };
            let explicit = parameters(kinds);
            writeln!(text, "template <{explicit}, class... A> __CL_HD {outer}{result} {name}(A &&...);")
        }
        Kind::Kernel(kinds) => {
            let explicit = parameters(kinds);
            writeln!(text, "template <{explicit}, class... A> __attribute__((global)) void {name}(A...);")
        }
        Kind::Value if place == Place::Class => writeln!(text, "  static __cl_any &{name};"),
        // Constants of the build (`BLOCK_SIZE`) are mostly integers.
        Kind::Value if name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_') => {
            writeln!(text, "extern int {name};")
        }
        Kind::Value => writeln!(text, "extern __cl_any {name};"),
    };
}

/// Template parameters for arguments of these kinds, none of which need be given, and for more types.
fn parameters(values: &[bool]) -> String {
    let named = values.iter().map(|&value| if value { "auto = 0" } else { "class = void" });
    named.chain(["class..."]).collect::<Vec<_>>().join(", ")
}

/// What an unknown function returns: CUDA's functions return a status.
fn result_of(name: &str) -> &'static str {
    if !is_cuda_function(name) {
        "__cl_any"
    } else if name.starts_with("cuda") {
        "cudaError_t"
    } else if name.starts_with("cu") && !name.starts_with("cublas") {
        "CUresult"
    } else {
        "__cl_any"
    }
}

fn macros(text: &mut String, names: &BTreeMap<String, Node>) {
    for (name, node) in names {
        let Kind::Macro(form) = &node.kind else { continue };
        let _ = match form {
            Form::Empty => writeln!(text, "#define {name}"),
            Form::Device => writeln!(text, "#define {name} __attribute__((host)) __attribute__((device))"),
            Form::Kernel => writeln!(text, "#define {name} __attribute__((global))"),
            Form::EmptyCall => writeln!(text, "#define {name}(...)"),
            Form::Statement => writeln!(text, "#define {name}(...) __cl_use(__VA_ARGS__);"),
            Form::Loop => {
                writeln!(text, "#define {name}(i, ...) for (long i = 0; __cl_use(__VA_ARGS__); ++i)")
            }
            Form::Condition => writeln!(text, "#define {name}(...) if (__cl_use(__VA_ARGS__))"),
            Form::Function(parameters) => {
                let (names, list): (Vec<String>, Vec<String>) = parameters
                    .iter()
                    .enumerate()
                    .map(|(index, name)| {
                        let own = format!("__cl_p{index}");
                        (own.clone(), if name.is_empty() { String::new() } else { format!("__cl_any {own}") })
                    })
                    .unzip();
                let list: Vec<String> = list.into_iter().filter(|parameter| !parameter.is_empty()).collect();
                let _ = writeln!(
                    text,
                    "#define __CL_PASTE_(a, b) a##b\n#define __CL_PASTE(a, b) __CL_PASTE_(a, b)"
                );
                let rest = if names.is_empty() { "..." } else { ", ..." };
                writeln!(
                    text,
                    "#define {name}({}{rest}) static void __CL_PASTE(__cl_{name}_, __COUNTER__)({})",
                    names.join(", "),
                    list.join(", ")
                )
            }
        };
    }
}

/// C knows no permissive type; a function without parameter list takes anything.
fn text_for_c(headers: &str, names: &BTreeMap<String, Node>) -> String {
    let mut text = format!("{headers}#pragma clang system_header\n");
    for (name, node) in names {
        let _ = match &node.kind {
            Kind::Class => writeln!(text, "typedef void *{name};"),
            // The status types of CUDA are not declared here yet; C takes an integer for them.
            Kind::Function if is_cuda_function(name) => writeln!(text, "int {name}();"),
            Kind::Function => writeln!(text, "long {name}();"),
            Kind::Value => writeln!(text, "extern long {name};"),
            Kind::Constant(value) => writeln!(text, "enum {{ {name} = {value} }};"),
            Kind::Macro(Form::Empty | Form::Device) => writeln!(text, "#define {name}"),
            Kind::Macro(Form::EmptyCall) => writeln!(text, "#define {name}(...)"),
            Kind::Macro(Form::Statement) => writeln!(text, "#define {name}(...) ((void)(__VA_ARGS__));"),
            Kind::Macro(Form::Loop) => {
                writeln!(text, "#define {name}(i, ...) for (long i = 0; i < (__VA_ARGS__); ++i)")
            }
            Kind::Macro(Form::Condition) => writeln!(text, "#define {name}(...) if ((__VA_ARGS__))"),
            _ => Ok(()),
        };
    }
    text
}
