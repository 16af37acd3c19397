//! The merchants, sales units and price packages of a sandbox.

use crate::management::{
    Address, BankAccount, BusinessIdentifier, CaptureType, Market, Merchant, MerchantStatus,
    PricePackage, PricePackageId, ProductType, SalesUnit, SalesUnitConfiguration,
};
use crate::{Error, Msn};

#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    pub(super) merchants: Vec<Merchant>,
    pub(super) sales_units: Vec<SalesUnit>,
    pub(super) price_packages: Vec<PricePackage>,
}

/// The data that a test chose. `None` means the default data.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) merchants: Option<Vec<Merchant>>,
    pub(super) sales_units: Option<Vec<SalesUnit>>,
    pub(super) price_packages: Option<Vec<PricePackage>>,
    /// The number of generated sales units.
    pub(super) count: Option<usize>,
}

impl Choice {
    pub(super) fn data(self) -> Result<Data, Error> {
        let acme = BusinessIdentifier::norway("987654321")?;
        let sales_units = match (self.sales_units, self.count) {
            (Some(units), _) => units,
            (None, Some(count)) => (0..count)
                .map(|nth| numbered(nth, &acme))
                .collect::<Result<_, _>>()?,
            (None, None) => own_sales_units(&acme)?,
        };
        let mut data = Data {
            merchants: match self.merchants {
                Some(merchants) => merchants,
                None => own_merchants(&acme)?,
            },
            sales_units: Vec::new(),
            price_packages: match self.price_packages {
                Some(packages) => packages,
                None => own_price_packages()?,
            },
        };
        for unit in sales_units {
            data.put_sales_unit(unit);
        }
        Ok(data)
    }
}

impl Data {
    /// Adds a sales unit, or replaces the one with the same MSN. Creates its merchant if needed.
    pub(super) fn put_sales_unit(&mut self, unit: SalesUnit) {
        let owner = &unit.business_identifier;
        let is_owner = |merchant: &Merchant| merchant.business_identifier == *owner;
        if !self.merchants.iter().any(is_owner) {
            let name = format!("Merchant {}", owner.id());
            self.merchants.push(Merchant::new(owner.clone(), name));
        }
        match self.sales_units.iter_mut().find(|old| old.msn == unit.msn) {
            Some(old) => *old = unit,
            None => self.sales_units.push(unit),
        }
    }

    /// Adds a merchant, or replaces the one with the same business identifier.
    pub(super) fn put_merchant(&mut self, merchant: Merchant) {
        let id = &merchant.business_identifier;
        let mut merchants = self.merchants.iter_mut();
        match merchants.find(|old| old.business_identifier == *id) {
            Some(old) => *old = merchant,
            None => self.merchants.push(merchant),
        }
    }
}

impl SalesUnit {
    /// A sales unit for the [sandbox](crate::sandbox), with a typical bank account and
    /// configuration.
    ///
    /// All fields can be changed. Requires the feature `sandbox`.
    ///
    /// ```
    /// use vipps::management::{BusinessIdentifier, SalesUnit};
    ///
    /// let merchant = BusinessIdentifier::norway("912345678")?;
    /// let mut kiosk = SalesUnit::new("555555".parse()?, "The Kiosk", merchant);
    /// kiosk.configuration.recurring_allowed = Some(true);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn new(msn: Msn, name: impl Into<String>, business_identifier: BusinessIdentifier) -> Self {
        Self {
            msn,
            name: name.into(),
            business_identifier,
            settlement_bank_account: BankAccount::norway("86011117947").ok(),
            configuration: SalesUnitConfiguration {
                payment_allowed: Some(true),
                capture_type: Some(CaptureType::ReserveCapture),
                skip_landing_page_allowed: Some(false),
                recurring_allowed: Some(false),
                partial_capture_allowed: Some(true),
                late_capture_allowed: Some(true),
                landing_page_phone_number_locked: Some(false),
                long_living_payment_allowed: Some(false),
                credit_card_payment_allowed: Some(true),
            },
        }
    }
}

impl Merchant {
    /// An active merchant for the [sandbox](crate::sandbox), with an address in its country.
    ///
    /// All fields can be changed. Requires the feature `sandbox`.
    ///
    /// ```
    /// use vipps::management::{BusinessIdentifier, Merchant};
    ///
    /// let id = BusinessIdentifier::denmark("87654321")?;
    /// let merchant = Merchant::new(id, "The Kiosk ApS");
    /// assert_eq!(merchant.country_code, "DK");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn new(business_identifier: BusinessIdentifier, name: impl Into<String>) -> Self {
        let country = business_identifier.scheme().split(':').nth(1);
        let country = country.unwrap_or_default().to_owned();
        Self {
            business_identifier,
            name: name.into(),
            status: MerchantStatus::Active,
            created_at: "2022-09-02T06:45:25.921251Z".to_owned(),
            updated_at: "2023-01-15T12:00:00Z".to_owned(),
            country_code: country.clone(),
            business_address: Some(Address {
                lines: vec!["Main Street 5".to_owned()],
                post_code: Some("0154".to_owned()),
                city: Some("Capital".to_owned()),
                country_code: Some(country),
            }),
            business_post_address: None,
        }
    }
}

impl PricePackage {
    /// A price package for the [sandbox](crate::sandbox), with its price as short text such as
    /// `2.99%`.
    ///
    /// All fields can be changed. Requires the feature `sandbox`.
    ///
    /// ```
    /// use vipps::management::{Market, PricePackage};
    ///
    /// let id = "7a1b2c3d-0000-4000-8000-0123456789ab".parse()?;
    /// let mut package = PricePackage::new(id, "Online", "1.99%");
    /// package.market = Some(Market::Norway);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn new(
        id: PricePackageId,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            price_package_id: id,
            name: name.into(),
            description: description.into(),
            visible_in_signup_form: Some(true),
            product_type: None,
            market: None,
            commission: None,
        }
    }
}

fn own_merchants(acme: &BusinessIdentifier) -> Result<Vec<Merchant>, Error> {
    Ok(vec![
        Merchant::new(acme.clone(), "ACME AS"),
        Merchant::new(BusinessIdentifier::denmark("12345678")?, "ACME ApS"),
        Merchant::new(BusinessIdentifier::finland("1234567-8")?, "ACME Oy"),
    ])
}

fn own_sales_units(acme: &BusinessIdentifier) -> Result<Vec<SalesUnit>, Error> {
    let finland = BusinessIdentifier::finland("1234567-8")?;
    Ok(vec![
        SalesUnit::new("123456".parse()?, "ACME Fitness", acme.clone()),
        SalesUnit::new("654321".parse()?, "ACME Web Shop", acme.clone()),
        SalesUnit::new("10012345".parse()?, "ACME Sauna", finland),
    ])
}

fn numbered(nth: usize, merchant: &BusinessIdentifier) -> Result<SalesUnit, Error> {
    let msn = Msn::new((1_000_000 + nth).to_string())?;
    let name = format!("Sales unit {nth}");
    Ok(SalesUnit::new(msn, name, merchant.clone()))
}

fn own_price_packages() -> Result<Vec<PricePackage>, Error> {
    let id = |last: &str| PricePackageId::new(format!("8a11afb7-c223-48ed-8ca6-4722b97261{last}"));
    Ok(vec![
        PricePackage {
            product_type: Some(ProductType::PaymentIntegration),
            market: Some(Market::Norway),
            commission: Some("30 %".to_owned()),
            ..PricePackage::new(id("aa")?, "POS standard", "2.99%")
        },
        PricePackage {
            product_type: Some(ProductType::Checkout),
            market: Some(Market::Denmark),
            ..PricePackage::new(id("ab")?, "Checkout", "1.75%")
        },
        PricePackage {
            visible_in_signup_form: Some(false),
            product_type: Some(ProductType::Login),
            market: Some(Market::Finland),
            ..PricePackage::new(id("ac")?, "Login", "0.5%")
        },
    ])
}
