use super::PrefillProductOrder;
use crate::error::problem::FieldProblem;
use crate::management::BankAccount;
use crate::model::identifier::is_made_of;

impl PrefillProductOrder {
    /// Everything that the API would refuse or silently drop.
    pub(super) fn problems(&self) -> Vec<FieldProblem> {
        let account = self.settlement_bank_account.as_ref();
        let mut problems = Problems(Vec::from_iter(self.business_identifier.problem()));
        problems.0.extend(account.and_then(BankAccount::problem));
        if self.product_type.as_str().is_empty() {
            problems.add("productType", "must not be empty", "");
        }
        if let Some(name) = &self.sales_unit_name {
            let length = name.chars().count();
            if !(1..=40).contains(&length) {
                problems.say(
                    "salesUnitName",
                    format!("must be 1 to 40 characters, not {length}"),
                );
            } else if let Some(c) = name.chars().find(|c| !is_name_character(*c)) {
                let rule = "must be letters, digits, whitespace and ( ) * + , - . / : ; < = > ? @ \
                            [ \\ ] ^ _ `";
                problems.add("salesUnitName", rule, &c.to_string());
            }
        }
        if let Some(id) = &self.price_package_id {
            problems.0.extend(id.problem("pricePackageId"));
        }
        if let Some(turnover) = self.annual_turnover {
            if !(0..=999_999_999).contains(&turnover) {
                problems.say(
                    "annualTurnover",
                    format!("must be 0 to 999999999 major units, not {turnover}"),
                );
            }
        }
        if let Some(percent) = &self.annual_turnover_percentage {
            let tens = ["10", "20", "30", "40", "50", "60", "70", "80", "90", "100"];
            if !tens.contains(&percent.as_str()) {
                let rule = "must be a multiple of 10 from 10 to 100";
                problems.add("annualTurnoverPercentage", rule, percent);
            }
        }
        if let Some(code) = &self.merchant_category_code {
            if !is_made_of(code, 4, 4, |b| b.is_ascii_digit()) {
                problems.add("merchantCategoryCode", "must be four digits", code);
            }
        }
        if let Some(website) = &self.website {
            let test_url = website.test_website_url.as_deref();
            problems.check_url("website.url", Some(&website.url));
            problems.check_url("website.termsUrl", Some(&website.terms_url));
            problems.check_url("website.testWebsiteUrl", test_url);
        }
        let key = self.idempotency_key.problem("idempotencyKey");
        problems.0.extend(key);
        problems.0
    }
}

struct Problems(Vec<FieldProblem>);

impl Problems {
    fn add(&mut self, field: &str, rule: &str, value: &str) {
        self.0.push(match value {
            "" => FieldProblem::new(field, rule),
            value => FieldProblem::invalid(field, rule, value),
        });
    }

    fn say(&mut self, field: &str, reason: String) {
        self.0.push(FieldProblem::new(field, reason));
    }

    fn check_url(&mut self, field: &str, url: Option<&str>) {
        if let Some(url) = url.filter(|url| !is_https_url(url)) {
            self.add(
                field,
                "must be an https URL such as https://example.com",
                url,
            );
        }
    }
}

fn is_https_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("https")
        && !host.is_empty()
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// `^[\p{L}\p{M}\d\\\(\)-_\+\s\.\`]+$`, where `\)-_` is a range: all of ASCII from `(` to `z`.
/// Without Unicode tables, marks cannot always be told from symbols, so only known symbols and
/// fractions are refused here; the API decides about the rest.
fn is_name_character(c: char) -> bool {
    let is_known_symbol = matches!(c,
        '\0'..='\u{bf}' | '×' | '÷'
        | '\u{200b}'..='\u{209f}'
        | '\u{20a0}'..='\u{20cf}'
        | '\u{2100}'..='\u{2bff}'
        | '\u{3001}'..='\u{3029}'
        | '\u{1f000}'..='\u{1faff}');
    ('('..='z').contains(&c) || c.is_alphabetic() || c.is_whitespace() || !is_known_symbol
}
