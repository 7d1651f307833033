//! How operators bind: each pair of neighbours in OData's table of precedence,
//! and associativity.

use odata::{EntityType, Version};

use crate::world::{filter, value};

fn parse(text: &str) -> odata::Expr {
    filter(Version::V2_0, EntityType::Observation, text)
}

#[test]
fn tighter_operators_bind_first() {
    for (bare, bracketed, otherwise) in [
        // Or, and.
        (
            "true or true and false",
            "true or (true and false)",
            "(true or true) and false",
        ),
        (
            "false and true or true",
            "(false and true) or true",
            "false and (true or true)",
        ),
        // And, equality.
        ("true and 1 eq 2", "true and (1 eq 2)", "true and 2 eq 1"),
        ("1 eq 2 and true", "(1 eq 2) and true", "true and (1 eq 2)"),
        (
            "false ne true and false",
            "(false ne true) and false",
            "false ne (true and false)",
        ),
        // Equality, relation.
        ("false eq 1 gt 2", "false eq (1 gt 2)", "(1 gt 2) eq false"),
        ("1 gt 2 eq false", "(1 gt 2) eq false", "false eq (1 gt 2)"),
        // Relation, addition.
        ("5 gt 1 add 2", "5 gt (1 add 2)", "(1 add 2) gt 5"),
        ("1 add 2 le 5", "(1 add 2) le 5", "5 le (1 add 2)"),
        // Addition, multiplication.
        (
            "2 add 3 mul 4 eq 14",
            "(2 add (3 mul 4)) eq 14",
            "((2 add 3) mul 4) eq 14",
        ),
        (
            "2 mul 3 sub 4 eq 2",
            "((2 mul 3) sub 4) eq 2",
            "(2 mul (3 sub 4)) eq 2",
        ),
        // Multiplication, prefix.
        (
            "-result mul 2 lt 0",
            "((-result) mul 2) lt 0",
            "(-(result mul 2)) lt 0",
        ),
        // Prefix, anything looser.
        (
            "not true eq false",
            "(not true) eq false",
            "not (true eq false)",
        ),
        (
            "not true or true",
            "(not true) or true",
            "not (true or true)",
        ),
        // Membership, prefix.
        (
            "not result in (1, 2)",
            "not (result in (1, 2))",
            "(not (result eq 1)) in (true)",
        ),
        (
            "-result in (1)",
            "-(result in (1)) eq 1",
            "(-result) in (1)",
        ),
    ] {
        if bare.starts_with("-result in") {
            // A minus before a condition has no meaning, which shows how it binds.
            let error = crate::world::refusal(bare);
            assert!(error.to_string().contains("a condition"), "{error}");
            continue;
        }
        assert_eq!(parse(bare), parse(bracketed), "{bare}");
        assert_ne!(parse(bare), parse(otherwise), "{bare}");
    }
}

#[test]
fn operators_of_one_level_go_from_left_to_right() {
    for (bare, bracketed) in [
        ("10 sub 4 sub 3 eq 3", "((10 sub 4) sub 3) eq 3"),
        ("10 sub 4 add 3 eq 9", "((10 sub 4) add 3) eq 9"),
        ("100 div 10 mul 2 eq 20", "((100 div 10) mul 2) eq 20"),
        ("100 mod 7 div 2 eq 1", "((100 mod 7) div 2) eq 1"),
        ("1 eq 2 eq false", "(1 eq 2) eq false"),
        ("1 eq 2 ne true", "(1 eq 2) ne true"),
    ] {
        assert_eq!(parse(bare), parse(bracketed), "{bare}");
        assert!(crate::world::holds(bare), "{bare}");
    }
}

#[test]
fn a_chain_is_one_node_and_brackets_make_another() {
    assert_eq!(
        parse("true and false and true").to_string(),
        "true and false and true"
    );
    assert_eq!(
        parse("(true and false) and true").to_string(),
        "(true and false) and true"
    );
    assert_eq!(
        parse("true or (false or true)").to_string(),
        "true or (false or true)"
    );
}

#[test]
fn spaces_and_brackets_may_be_many_or_few() {
    for text in [
        "((  1 add 2)   mul(3))eq 9",
        "not(1 eq 2)",
        "(1)eq(1)",
        "'a'eq'a'",
        "\tresult\tgt 5\t",
    ] {
        assert!(crate::world::holds(text), "{text}");
    }
    assert_eq!(value("-(-(5))"), odata::Value::Int(5));
}
