//! Units and currencies under all their names.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is measured, and in how many of the smallest unit of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub(super) dimension: Dimension,
    pub(super) factor: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Dimension {
    /// Nothing: a number.
    Count,
    Ordinal,
    Percent,
    Length,
    /// Feet and miles are measures of their own: whoever asks for miles does not want kilometres.
    Imperial,
    Mass,
    Pounds,
    Volume,
    Gallons,
    Area,
    Speed,
    Time,
    Months,
    Celsius,
    Fahrenheit,
    Kelvin,
    Bytes,
    Power,
    Energy,
    Frequency,
    Voltage,
    Dollar,
    Euro,
    Pound,
    Yen,
    Won,
    Yuan,
    Rupee,
    Franc,
    Bitcoin,
}

impl Dimension {
    pub(super) fn is_money(self) -> bool {
        self >= Self::Dollar
    }
}

use Dimension as D;

/// Names in small letters; those of one or two letters count only after a number.
const TABLE: [(D, f64, &str); 62] = [
    (D::Percent, 1.0, "% percent pct 퍼센트 프로 ％"),
    (D::Length, 1e-3, "mm millimeter millimeters millimetre millimetres 밀리미터"),
    (D::Length, 1e-2, "cm centimeter centimeters centimetre centimetres 센티미터 센티 센치"),
    (D::Length, 1.0, "m meter meters metre metres 미터"),
    (D::Length, 1e3, "km kilometer kilometers kilometre kilometres kms 킬로미터"),
    (D::Imperial, 1.0, "inch inches 인치"),
    (D::Imperial, 12.0, "ft foot feet 피트"),
    (D::Imperial, 36.0, "yd yard yards 야드"),
    (D::Imperial, 63_360.0, "mi mile miles 마일"),
    (D::Mass, 1e-3, "mg milligram milligrams 밀리그램"),
    (D::Mass, 1.0, "g gram grams 그램"),
    (D::Mass, 1e3, "kg kilogram kilograms kilo kilos kgs 킬로그램"),
    (D::Mass, 1e6, "ton tons tonne tonnes 톤"),
    (D::Pounds, 1.0, "oz ounce ounces 온스"),
    (D::Pounds, 16.0, "lb lbs 파운드"),
    (D::Volume, 1.0, "ml milliliter milliliters millilitre millilitres 밀리리터"),
    (D::Volume, 1e3, "l liter liters litre litres 리터"),
    (D::Gallons, 1.0, "cup cups 컵"),
    (D::Gallons, 2.0, "pint pints 파인트"),
    (D::Gallons, 16.0, "gal gallon gallons 갤런"),
    (D::Gallons, 0.062_5, "tbsp tablespoon tablespoons 큰술"),
    (D::Gallons, 0.020_833_333, "tsp teaspoon teaspoons 작은술"),
    (D::Area, 1.0, "sqm 제곱미터"),
    (D::Area, 1e4, "hectare hectares ha 헥타르"),
    (D::Area, 4_046.86, "acre acres 에이커"),
    (D::Area, 3.305_785, "평"),
    (D::Speed, 1.0, "kph kmh"),
    (D::Speed, 1.609_344, "mph"),
    (D::Time, 1e-3, "ms millisecond milliseconds 밀리초"),
    (D::Time, 1.0, "s sec secs second seconds 초"),
    (D::Time, 60.0, "min mins minute minutes 분"),
    (D::Time, 3_600.0, "h hr hrs hour hours 시간"),
    (D::Time, 86_400.0, "d day days 일간 일동안"),
    (D::Time, 604_800.0, "wk week weeks 주일 주간"),
    (D::Months, 1.0, "month months 개월 달간"),
    (D::Months, 12.0, "yr yrs year years 년간 년동안"),
    (D::Celsius, 1.0, "℃ celsius centigrade 섭씨"),
    (D::Fahrenheit, 1.0, "℉ fahrenheit 화씨"),
    (D::Kelvin, 1.0, "kelvin kelvins 켈빈"),
    (D::Bytes, 1.0, "byte bytes 바이트"),
    (D::Bytes, 0.125, "bit bits 비트"),
    (D::Bytes, 1e3, "kb kilobyte kilobytes 킬로바이트"),
    (D::Bytes, 1e6, "mb megabyte megabytes 메가바이트 메가"),
    (D::Bytes, 1e9, "gb gigabyte gigabytes 기가바이트 기가"),
    (D::Bytes, 1e12, "tb terabyte terabytes 테라바이트 테라"),
    (D::Power, 1.0, "w watt watts 와트"),
    (D::Power, 1e3, "kw kilowatt kilowatts 킬로와트"),
    (D::Energy, 1.0, "cal calorie calories 칼로리"),
    (D::Energy, 1e3, "kcal 킬로칼로리"),
    (D::Frequency, 1.0, "hz hertz 헤르츠"),
    (D::Frequency, 1e6, "mhz megahertz 메가헤르츠"),
    (D::Frequency, 1e9, "ghz gigahertz 기가헤르츠"),
    (D::Voltage, 1.0, "v volt volts 볼트"),
    (D::Dollar, 1.0, "$ usd dollar dollars buck bucks 달러 불"),
    (D::Euro, 1.0, "€ eur euro euros 유로"),
    (D::Pound, 1.0, "£ gbp pound pounds 파운드화 스털링"),
    (D::Yen, 1.0, "¥ jpy yen 엔 엔화"),
    (D::Won, 1.0, "₩ ￦ krw won 원 원화"),
    (D::Yuan, 1.0, "cny rmb yuan 위안 위안화"),
    (D::Rupee, 1.0, "₹ inr rupee rupees 루피"),
    (D::Franc, 1.0, "chf franc francs 프랑"),
    (D::Bitcoin, 1.0, "btc bitcoin bitcoins 비트코인"),
];

static UNITS: LazyLock<HashMap<&'static str, Unit>> = LazyLock::new(|| {
    let named = |&(dimension, factor, names): &(D, f64, &'static str)| {
        names.split(' ').map(move |name| (name, Unit { dimension, factor }))
    };
    TABLE.iter().flat_map(named).collect()
});

/// The unit of this name, written after a number.
pub(super) fn unit(name: &str) -> Option<Unit> {
    UNITS.get(name).copied()
}

/// The unit that a word speaks of without a number: `in miles`. Short names, and those that mean
/// other things as well, do not count.
pub(super) fn spoken(name: &str) -> Option<Unit> {
    const OTHERS: [&str; 16] = [
        "second", "minute", "won", "pound", "pounds", "foot", "feet", "cup", "cups", "sec", "min",
        "buck", "bit", "yard", "mins", "won't",
    ];
    let long = if name.is_ascii() { name.len() > 2 } else { name.chars().count() > 1 };
    let sign = matches!(
        name,
        "$" | "€"
            | "£"
            | "¥"
            | "₩"
            | "₹"
            | "℃"
            | "℉"
            | "km"
            | "kg"
            | "cm"
            | "mm"
            | "gb"
            | "mb"
            | "tb"
            | "원"
            | "엔"
    );
    ((long || sign) && !OTHERS.contains(&name)).then(|| unit(name)).flatten()
}

/// The unit at the beginning of a Korean word, the longest that fits, and what is left.
pub(super) fn korean_prefix(word: &str) -> Option<(Unit, &str)> {
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
    let mut found = None;
    for end in ends.take(6) {
        if let Some(unit) = unit(&word[..end]) {
            found = Some((unit, &word[end..]));
        }
    }
    found
}
