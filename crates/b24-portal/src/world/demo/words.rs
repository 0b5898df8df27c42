//! What names and titles are made of.

use fastrand::Rng;

pub(super) fn pick<'a, T>(rng: &mut Rng, words: &'a [T]) -> &'a T {
    &words[rng.usize(..words.len())]
}

pub(super) const FIRST_NAMES: &[(&str, &str)] = &[
    ("Анна", "Иванова"),
    ("Сергей", "Петров"),
    ("Мария", "Кузнецова"),
    ("Дмитрий", "Соколов"),
    ("Елена", "Попова"),
    ("Алексей", "Лебедев"),
    ("Ольга", "Козлова"),
    ("Николай", "Новиков"),
    ("Татьяна", "Морозова"),
    ("Иван", "Волков"),
    ("Юлия", "Щёголева"),
    ("Пётр", "Семёнов"),
    ("Айгуль", "Нурланова"),
    ("Тимур", "Галиев"),
    ("Kate", "O'Neil"),
    ("John", "Smith"),
    ("Maria", "García"),
    ("Jürgen", "Müller"),
    ("Anne-Marie", "Dupont"),
    ("Łukasz", "Nowak"),
];
pub(super) const MIDDLE_NAMES: &[&str] = &[
    "Сергеевна",
    "Иванович",
    "Александровна",
    "Петрович",
    "Николаевна",
    "Андреевич",
];
pub(super) const POSITIONS: &[&str] = &[
    "Директор",
    "Менеджер по закупкам",
    "Главный бухгалтер",
    "CEO",
    "Head of IT",
    "Инженер",
    "Секретарь",
    "Sales & Marketing manager",
];
pub(super) const COMPANY_NAMES: &[&str] = &[
    "Ромашка",
    "Северный ветер",
    "ТехноПром",
    "Альфа & Омега",
    "Вектор",
    "Заря",
    "Орион",
    "Стройка \"Под ключ\"",
    "Контур",
    "Меридиан",
    "Nordwind",
    "Acme",
    "Blue Ocean",
    "Smith & Sons",
    "Globex",
    "Initech",
    "Молочные реки",
    "Уральский завод",
    "Кедр",
    "Данила-мастер",
];
pub(super) const COMPANY_FORMS: &[&str] = &["ООО", "АО", "ИП", "ПАО", "ЗАО"];
pub(super) const CITIES: &[&str] = &[
    "Москва",
    "Казань",
    "Санкт-Петербург",
    "Новосибирск",
    "Алматы",
    "Berlin",
    "Екатеринбург",
    "Минск",
];
pub(super) const SUBJECTS: &[&str] = &[
    "Поставка оборудования",
    "Внедрение CRM",
    "Лицензии на год",
    "Сопровождение",
    "Обучение сотрудников",
    "Разработка сайта",
    "Аудит склада",
    "Office chairs",
    "Server rack",
    "Annual support",
    "Website redesign",
    "Телефония \"под ключ\"",
    "Ремонт & сервис",
    "Консультация",
];
pub(super) const COMMENTS: &[&str] = &[
    "Просили перезвонить после 15:00.",
    "Клиент сомневается: \"дорого\" & далеко.",
    "Ждём подписанный договор <b>от юристов</b>.",
    "Sent the offer, waiting for an answer.",
    "Скидка 5%, согласована с руководителем.\nСрок — до конца месяца.",
    "Встреча прошла хорошо; следующий шаг — пилот.",
];
pub(super) const SOURCES: &[&str] = &[
    "CALL",
    "EMAIL",
    "WEB",
    "ADVERTISING",
    "PARTNER",
    "RECOMMENDATION",
    "TRADE_SHOW",
    "WEBFORM",
    "OTHER",
];
pub(super) const CURRENCIES: &[&str] = &[
    "RUB", "RUB", "RUB", "RUB", "RUB", "RUB", "USD", "EUR", "KZT",
];
pub(super) const DEAL_TYPES: &[&str] = &[
    "SALE", "SALE", "SALE", "COMPLEX", "GOODS", "SERVICES", "SERVICE",
];
pub(super) const LABELS: &[&str] = &[
    "срочно",
    "vip",
    "без НДС",
    "тендер \"44-ФЗ\"",
    "R&D",
    "повтор",
    "upsell",
];
pub(super) const TASKS: &[&str] = &[
    "Перезвонить клиенту",
    "Подготовить КП",
    "Проверить договор",
    "Закрыть акты за месяц",
    "Обновить прайс-лист",
    "Prepare the demo",
    "Fix the website form",
    "Собрать документы \"для тендера\"",
    "Провести встречу & отправить протокол",
    "Настроить АТС",
    "Onboard the new colleague",
];

/// The users of the demo set, who also answer for every row.
pub(super) const USER_COUNT: i64 = 25;

pub(super) fn phone(rng: &mut Rng) -> String {
    format!(
        "+7 9{:02} {:03}-{:02}-{:02}",
        rng.u8(..100),
        rng.u16(..1000),
        rng.u8(..100),
        rng.u8(..100)
    )
}

pub(super) fn user(rng: &mut Rng) -> i64 {
    rng.i64(1..=USER_COUNT)
}

/// A company's name, with its form.
pub(super) fn company(rng: &mut Rng) -> String {
    let name = pick(rng, COMPANY_NAMES);
    if name.is_ascii() {
        format!("{name} {}", rng.u16(1..400))
    } else {
        format!(
            "{} «{name}» {}",
            pick(rng, COMPANY_FORMS),
            pick(rng, CITIES)
        )
    }
}
