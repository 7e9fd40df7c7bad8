//! The notation: what each part means, and what errors say.

use super::super::row::MemoryKind;
use super::*;

fn one(line: &str, family: Family) -> Row {
    let rows = parse(line, family).unwrap_or_else(|errors| panic!("{}", errors[0]));
    assert_eq!(rows.len(), 1);
    rows.into_iter().next().unwrap()
}

fn error(line: &str) -> ParseError {
    let mut errors = parse(line, Family::Std).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

#[test]
fn all_parts_of_a_row() {
    let row =
        one("f(out:pinned bytes _x flags?) -> arg2 : create, may-wait, cb:unobserved ; a; b", Family::Driver);
    assert_eq!(row.name, "f");
    let roles: Vec<Role> = row.params.iter().map(|param| param.role).collect();
    assert_eq!(
        roles,
        [Role::Out(Thing::Memory(MemoryKind::Pinned)), Role::Bytes, Role::Ignored, Role::Flags]
    );
    assert!(row.params[3].optional && !row.params[2].optional && !row.variadic);
    assert_eq!(row.result, Outcome::Arg(2));
    assert_eq!(row.effects, [Effect::Create, Effect::MayWait]);
    assert_eq!(row.in_callback, InCallback::ForbiddenUnobserved);
    assert_eq!(row.capture, InCapture::Other);
    assert_eq!(one("f(stream) : cap:unsupported", Family::Runtime).capture, InCapture::Unsupported);
    assert_eq!(row.source, "a; b");
}

#[test]
fn what_is_left_out_depends_on_the_family() {
    let row = one("cudaFoo() : none", Family::Runtime);
    assert_eq!((row.result, row.in_callback), (Outcome::Status, InCallback::Forbidden));
    assert_eq!(row.source, "RT:cudaFoo");
    assert_eq!(one("cuFoo() : none", Family::Driver).source, "DR:cuFoo");
    let row = one("foo(reads ...)", Family::Std);
    assert_eq!((row.result, row.in_callback, row.variadic), (Outcome::Unknown, InCallback::Fine, true));
    assert!(row.effects.is_empty());
    assert_eq!(one("foo(reads)", Family::Library).in_callback, InCallback::Forbidden);
}

#[test]
fn names_may_be_operators() {
    assert_eq!(one("a::b::operator()(this) -> held", Family::Std).name, "a::b::operator()");
    assert_eq!(one("a::b::operator[](this index) -> element", Family::Std).name, "a::b::operator[]");
    assert_eq!(one("a::b::front(this) -> element", Family::Std).result, Outcome::Element);
    assert_eq!(one("a::b::operator bool(this) -> pure", Family::Std).name, "a::b::operator bool");
    assert_eq!(one("a::operator<<(_ reads) -> arg0", Family::Std).name, "a::operator<<");
}

#[test]
fn comments_and_empty_lines_are_skipped() {
    assert!(parse("\n  # cudaFoo(\n\t\n", Family::Runtime).unwrap().is_empty());
}

#[test]
fn every_word_means_one_thing() {
    fn unique<T>(table: &[(&str, T)]) {
        for (i, (word, _)) in table.iter().enumerate() {
            assert!(table[i + 1..].iter().all(|(other, _)| other != word), "{word}");
        }
    }
    unique(ROLES);
    unique(THINGS);
    unique(OUTCOMES);
    unique(EFFECTS);
    unique(FREE);
    unique(CALLBACK);
    unique(MEMORY);
    assert!(MEMORY.iter().all(|(kind, _)| OUTCOMES.iter().all(|(word, _)| word != kind)));
    assert!(MEMORY.iter().all(|(kind, _)| THINGS.iter().all(|(word, _)| word != kind)));
}

#[test]
fn errors_say_where_and_what() {
    let wrong = error("# fine\n  f(dst strem?) : copy async");
    assert_eq!((wrong.line, wrong.column), (2, 9));
    assert_eq!(wrong.message, "unknown role `strem`; did you mean `stream`?");
    assert!(error("f(x) : none").message.starts_with("unknown role `x`; known are this, dst"));
    assert_eq!(wrong.to_string().split(": ").next(), Some("line 2, column 9"));

    let column = |line| error(line).column;
    assert_eq!(column("f"), 1);
    assert_eq!(column("f(dst"), 2);
    assert_eq!(column("f() -> nothing"), 8);
    assert_eq!(column("f() : none, cb:ok"), 16);
    assert_eq!(column("f(dst) : fill later"), 15);
    assert_eq!(column("f(stream? event)"), 11);
    assert_eq!(column("f(... dst)"), 7);
    assert_eq!(column("f(memory) : free delete"), 18);
    assert_eq!(column("f(dst) : fill sync unit"), 10);
    assert_eq!(column("f(dst src) : copy sync h2d now"), 28);
    assert_eq!(column("é(x)"), 3);
}

#[test]
fn contradictions_are_errors() {
    let message = |line| error(line).message;
    assert!(message("f(dst) : copy sync").contains("`src`"));
    assert!(message("f() : host-waits stream").contains("needs a parameter `stream`"));
    assert!(message("f(stream) : sets stream").contains("`handle` and `stream`"));
    assert!(message("f(stream dst) : host-waits result").contains("`writes`"));
    assert!(message("f(out:handle-stream) : create").contains("`handle`"));
    assert!(message("f(out:event)").contains("create"));
    assert!(message("f() : create").contains("out:"));
    assert!(message("f(_) -> arg1").contains("there are 1 parameters"));
    assert!(message("f(_)").contains("say `: none`"));
    assert!(message("f(_) :").contains("an effect is missing"));
    assert!(message("f(_) : none, may-wait").contains("alone"));
    assert!(message("f<int>(_) : none").contains("qualified name"));
}

#[test]
fn all_errors_are_reported_at_once() {
    let errors = parse("f(\ng() : none\nh(x) : none", Family::Std).unwrap_err();
    let lines: Vec<u32> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [1, 3]);
}

#[test]
fn no_text_makes_it_panic() {
    // Every truncation of every kind of line, and every character in every place.
    let line = "ü::f(out:pinned bytes? _x? ...) -> arg0 : copy async h2d, fill sync unit 4, cb:fine ; s";
    for (end, _) in line.char_indices() {
        let _ = parse(&line[..end], Family::Std);
        for mark in ["(", ")", ":", ";", ",", "->", "?", "operator()", " ", "é", "\u{0}"] {
            let _ = parse(&format!("{}{mark}{}", &line[..end], &line[end..]), Family::Runtime);
        }
    }
}
