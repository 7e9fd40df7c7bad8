//! Macros by example: what calls stand for.

use super::*;

/// What a call of a macro stands for.
fn expanded(rules: &str, call: &str) -> Option<String> {
    let item: Item = syn::parse_str(&format!("macro_rules! m {{ {rules} }}")).unwrap();
    let (_, rules) = MacroRules::of(&item, "krate")?;
    Some(
        rules
            .expand(&call.parse().unwrap(), Span::call_site(), "krate", &mut ALL_TOKENS.clone())?
            .to_string(),
    )
}

fn same(rules: &str, call: &str, wanted: &str) {
    let plain = |it: &str| it.replace(' ', "");
    let found = expanded(rules, call).map(|it| plain(&it));
    assert_eq!(found, Some(plain(wanted)), "{rules} of {call}");
}

#[test]
fn the_first_rule_that_fits_is_taken() {
    let rules =
        "() => { none }; ($a:ident) => { name $a }; ($a:literal) => { number $a }; (-> $a:expr) => { $a }";
    same(rules, "", "none");
    same(rules, "x", "name x");
    same(rules, "-3", "number -3");
    assert!(expanded(rules, "a b").is_none());
    assert!(expanded(rules, "- > a").is_some());
}

#[test]
fn repetitions_come_as_often_as_they_are_given() {
    same("($($x:ident),*) => { $(f($x);)* }", "a, b, c", "f(a); f(b); f(c);");
    same("($($x:ident),*) => { $(f($x);)* }", "", "");
    same("($($x:ident),* $(,)?) => { [$($x),*] }", "a, b,", "[a, b]");
    assert!(expanded("($($x:ident),+) => { 1 }", "").is_none());
    same("($($k:ident => $v:expr);*) => { $($k = $v;)* }", "a => 1; b => 2", "a = 1; b = 2;");
    same(
        "($($x:ident: $($y:ty)|+),*) => { $($( $x as $y; )+)* }",
        "a: u8 | u16, b: f32",
        "a as u8; a as u16; b as f32;",
    );
    same("($first:ident $($rest:tt)*) => { $first($($rest)*) }", "f a => ('b, ..=)", "f(a => ('b, ..=))");
    same(
        "($(#[$m:meta])* $v:vis fn $n:ident) => { $(#[$m])* $v fn $n() {} }",
        "#[test] pub fn x",
        "#[test] pub fn x() {}",
    );
    same("($s:ident, $($x:ident),*) => { $( $s.f($x); )* }", "s, a, b", "s.f(a); s.f(b);");
    // Two lists of different lengths.
    assert!(expanded("($($a:ident)*; $($b:ident)*) => { $($a $b)* }", "a b; c").is_none());
}

#[test]
fn fragments_are_what_the_reference_says() {
    same(
        "($b:block $l:lifetime $p:path) => { $b $l $p }",
        "{ 1 } 'a std::vec::Vec<u8>",
        "{ 1 } 'a std::vec::Vec<u8>",
    );
    same("($p:pat => $e:expr) => { let $p = x; }", "Some(1) | None => 3", "let Some(1) | None = x;");
    same("($s:stmt; $t:stmt) => { $t; $s; }", "let x: u8 = 1; f(2)", "f(2); let x: u8 = 1;");
    same("($i:item) => { mod x { $i } }", "struct A;", "mod x { struct A; }");
    same("($t:tt $u:tt) => { $u $t }", "=> [1]", "[1] =>");
    assert!(expanded("($x:ident) => { 1 }", "_").is_none());
    assert!(expanded("($x:unheard) => { 1 }", "x").is_none());
}

#[test]
fn what_is_not_understood_is_left_alone() {
    assert!(expanded("($x:ident) => { $($x)* }", "a").is_none());
    assert!(expanded("($($x:ident)*) => { $x }", "a").is_none());
    assert!(expanded("($x:ident) => { ${count($x)} }", "a").is_none());
    // Sixteen times sixteen times … what is given.
    let sixteen = "$($t)*".repeat(16);
    let doubles = format!("($($t:tt)*) => {{ {sixteen} }}");
    assert!(expanded(&doubles, &"a ".repeat(10_000)).is_none());
    same("() => { $crate::f($y) }", "", "crate::f($y)");
}

#[test]
fn the_crate_of_a_macro_is_its_own() {
    let item: Item = syn::parse_str("macro_rules! m { () => { $crate::f() } }").unwrap();
    let (_, rules) = MacroRules::of(&item, "other").unwrap();
    let tokens =
        rules.expand(&TokenStream::new(), Span::call_site(), "krate", &mut ALL_TOKENS.clone()).unwrap();
    assert_eq!(tokens.to_string(), "other :: f ()");
}
