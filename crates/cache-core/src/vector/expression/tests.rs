//! Filters as people write them, and as they do not.

use std::ops::Bound;

use proptest::prelude::*;

use super::*;

fn name(name: &str) -> AttributeName {
    AttributeName::new(name).unwrap()
}

fn schema() -> IndexSchema {
    IndexSchema::new(3)
        .unwrap()
        .with_attribute(name("topic"), AttributeKind::Tags)
        .with_attribute(name("year"), AttributeKind::Number)
        .with_attribute(name("body"), AttributeKind::Text)
        .with_attribute(name("page"), AttributeKind::Stored)
}

fn tags(tags: &[&str]) -> Filter {
    Filter::Tags(name("topic"), tags.iter().map(|tag| (*tag).to_owned()).collect())
}

#[test]
fn conditions_are_read_as_they_are_documented() {
    let year = |range: (Bound<f64>, Bound<f64>)| Filter::Range(name("year"), range.0, range.1);
    let is = |number: f64| Filter::range(name("year"), number..=number);
    let words = |words: &str| Filter::words(name("body"), words);
    for (text, filter) in [
        ("topic=news", tags(&["news"])),
        (" topic = news | sport ", tags(&["news", "sport"])),
        ("topic!=news|sport", tags(&["news", "sport"]).not()),
        ("topic=\"a,b|c \\\" \\\\ d\"", tags(&["a,b|c \" \\ d"])),
        ("topic=\" 한 \"", tags(&[" 한 "])),
        ("topic=two words", tags(&["two words"])),
        ("topic=a=b", tags(&["a=b"])),
        ("topic=!a", tags(&["!a"])),
        ("topic=\"=a\"", tags(&["=a"])),
        ("year=2020", is(2020.0)),
        ("year=1|-2.5e1", Filter::Or(vec![is(1.0), is(-25.0)])),
        ("year!=1", is(1.0).not()),
        ("year<1", year((Bound::Unbounded, Bound::Excluded(1.0)))),
        ("year<=1", year((Bound::Unbounded, Bound::Included(1.0)))),
        ("year>1", year((Bound::Excluded(1.0), Bound::Unbounded))),
        ("year>=1", year((Bound::Included(1.0), Bound::Unbounded))),
        ("body~red", words("red")),
        ("body~red apple", words("red apple")),
        ("body!~red|blue", Filter::Or(vec![words("red"), words("blue")]).not()),
        ("topic=a,year>=1", Filter::And(vec![tags(&["a"]), Filter::range(name("year"), 1.0..)])),
    ] {
        assert_eq!(Filter::parse(text, &schema()), Ok(filter), "{text}");
    }
}

#[test]
fn what_is_wrong_is_pointed_at() {
    use FilterProblem::{
        Name, NotANumber, OpenQuotation, Operator, SecondOperator, Separator, Value,
    };
    let unknown = VectorRefusal::UnknownAttribute(name("tpoic"));
    let unfit =
        |attribute, kind, operator| FilterProblem::Unfit { name: name(attribute), kind, operator };
    for (text, at, problem) in [
        ("", 1, Name),
        ("   ", 4, Name),
        ("=news", 1, Name),
        ("1topic=news", 1, Name),
        ("topic=news,", 12, Name),
        ("topic=news,,", 12, Name),
        ("tpoic=news", 1, FilterProblem::Refused(unknown)),
        ("topic news", 7, Operator),
        ("topic", 6, Operator),
        ("topic=", 7, Value),
        ("topic==news", 7, SecondOperator("=")),
        ("topic= >=news", 8, SecondOperator(">=")),
        ("topic=한|!=news", 9, SecondOperator("!=")),
        ("year=>2020", 6, SecondOperator(">")),
        ("body~~red", 6, SecondOperator("~")),
        ("topic=a|", 9, Value),
        ("topic=,year=1", 7, Value),
        ("topic=\"한 news", 7, OpenQuotation),
        ("topic=\"a\\\"", 7, OpenQuotation),
        ("topic=\"a\"b", 10, Separator),
        ("topic=a\"b\"", 8, Separator),
        ("topic=한글,year=x", 15, NotANumber(name("year"))),
        ("year=nan", 6, NotANumber(name("year"))),
        ("year>=inf", 7, NotANumber(name("year"))),
        ("year>=1|2", 5, FilterProblem::OneValue(">=")),
        ("topic>=a", 6, unfit("topic", AttributeKind::Tags, ">=")),
        ("year~a", 5, unfit("year", AttributeKind::Number, "~")),
        ("body=a", 5, unfit("body", AttributeKind::Text, "=")),
        ("page=a", 5, unfit("page", AttributeKind::Stored, "=")),
        ("topic=a|\"\"", 9, FilterProblem::Refused(VectorRefusal::Tags(name("topic")))),
        ("body~a|-", 8, FilterProblem::Refused(VectorRefusal::NoWords(name("body")))),
    ] {
        assert_eq!(Filter::parse(text, &schema()), Err(InvalidFilter { at, problem }), "{text}");
    }
    let many = vec!["year=1"; Filter::MAX_PARTS + 1].join(",");
    let refused = Filter::parse(&many, &schema()).unwrap_err();
    assert_eq!(refused.problem, FilterProblem::Refused(VectorRefusal::FilterSize));
}

#[test]
fn errors_name_the_place_and_no_value() {
    let error = Filter::parse("topic=a,year>=secret", &schema()).unwrap_err().to_string();
    let expected = "character 15 of the filter: the attribute year is compared with a number, and \
                    this is none";
    assert_eq!(error, expected);
    assert!(Filter::parse("year<>1", &schema()).unwrap_err().to_string().contains("one is enough"));
    assert!(Filter::parse("year#1", &schema()).unwrap_err().to_string().contains("!~"));
}

proptest! {
    #[test]
    fn any_tag_can_be_quoted(tag in "\\PC{1,40}") {
        let quoted = tag.replace('\\', "\\\\").replace('"', "\\\"");
        let filter = Filter::parse(&format!("topic=\"{quoted}\""), &schema());
        prop_assert_eq!(filter, Ok(tags(&[&tag])));
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(
        text in "((topic|year|body|x)? ?(=|!=|<|>=|~|!~)?[a|,\" \\\\1한]{0,6}){0,4}",
    ) {
        if let Err(wrong) = Filter::parse(&text, &schema()) {
            prop_assert!((1..=text.chars().count() + 1).contains(&wrong.at));
        }
    }
}
