//! Directories of the portal: statuses and stages, pipelines, currencies, departments, smart processes.

/// One value of a directory: a stage, a source, a type.
#[expect(clippy::struct_field_names, reason = "the names of the portal")]
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: i64,
    /// The directory: `DEAL_STAGE`, `SOURCE` …
    pub(crate) entity_id: String,
    pub(crate) status_id: String,
    pub(crate) name: String,
    pub(crate) sort: i64,
    pub(crate) category_id: Option<i64>,
    pub(crate) color: String,
    /// `S` or `F` of a final stage.
    pub(crate) semantics: Option<&'static str>,
    /// Not made by a user.
    pub(crate) is_system: bool,
}

/// A pipeline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Category {
    pub(crate) id: i64,
    pub(crate) entity_type_id: i64,
    pub(crate) name: &'static str,
    pub(crate) sort: i64,
    pub(crate) is_default: bool,
}

/// A currency and its rate to the base.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Currency {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// What [`Self::count`] units are worth in the base currency, in ten-thousandths.
    pub(crate) rate: &'static str,
    pub(crate) count: i64,
    pub(crate) format: &'static str,
    pub(crate) sort: i64,
}

/// A department of the company.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Department {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
    pub(crate) parent: Option<i64>,
    pub(crate) head: i64,
}

/// A smart process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) id: i64,
    pub(crate) entity_type_id: i64,
    pub(crate) title: &'static str,
    pub(crate) code: &'static str,
}

/// All directories.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) statuses: Vec<Status>,
}

/// The currency that others are measured in.
pub(crate) const BASE_CURRENCY: &str = "RUB";

pub(crate) const CURRENCIES: &[Currency] = &[
    Currency {
        code: "RUB",
        name: "Российский рубль",
        rate: "1.0000",
        count: 1,
        format: "#&nbsp;&#8381;",
        sort: 100,
    },
    Currency {
        code: "USD",
        name: "US Dollar",
        rate: "91.5000",
        count: 1,
        format: "&#36;#",
        sort: 200,
    },
    Currency {
        code: "EUR",
        name: "Euro",
        rate: "98.2500",
        count: 1,
        format: "&euro;#",
        sort: 300,
    },
    Currency {
        code: "KZT",
        name: "Тенге",
        rate: "19.4000",
        count: 100,
        format: "#&nbsp;&#8376;",
        sort: 400,
    },
];

pub(crate) const CATEGORIES: &[Category] = &[
    Category {
        id: 0,
        entity_type_id: 2,
        name: "Общее",
        sort: 300,
        is_default: true,
    },
    Category {
        id: 1,
        entity_type_id: 2,
        name: "Партнёры",
        sort: 400,
        is_default: false,
    },
    Category {
        id: 2,
        entity_type_id: 2,
        name: "Repeat sales",
        sort: 500,
        is_default: false,
    },
    Category {
        id: 0,
        entity_type_id: 3,
        name: "Contacts",
        sort: 100,
        is_default: true,
    },
    Category {
        id: 0,
        entity_type_id: 4,
        name: "Companies",
        sort: 100,
        is_default: true,
    },
    Category {
        id: 5,
        entity_type_id: 31,
        name: "General",
        sort: 500,
        is_default: true,
    },
    Category {
        id: 7,
        entity_type_id: 128,
        name: "Внедрение",
        sort: 500,
        is_default: true,
    },
    Category {
        id: 9,
        entity_type_id: 128,
        name: "Support",
        sort: 600,
        is_default: false,
    },
    Category {
        id: 11,
        entity_type_id: 1032,
        name: "General",
        sort: 500,
        is_default: true,
    },
];

pub(crate) const PROCESSES: &[Process] = &[
    Process {
        id: 5,
        entity_type_id: 128,
        title: "Проекты",
        code: "PROJECTS",
    },
    Process {
        id: 6,
        entity_type_id: 1032,
        title: "Equipment",
        code: "",
    },
];

pub(crate) const DEPARTMENTS: &[Department] = &[
    Department {
        id: 1,
        name: "ООО \"Ромашка\"",
        parent: None,
        head: 1,
    },
    Department {
        id: 3,
        name: "Отдел продаж",
        parent: Some(1),
        head: 2,
    },
    Department {
        id: 4,
        name: "Служба поддержки",
        parent: Some(1),
        head: 5,
    },
    Department {
        id: 5,
        name: "Marketing & PR",
        parent: Some(1),
        head: 8,
    },
    Department {
        id: 7,
        name: "IT",
        parent: Some(1),
        head: 12,
    },
    Department {
        id: 8,
        name: "Бухгалтерия",
        parent: Some(1),
        head: 16,
    },
    Department {
        id: 9,
        name: "Отдел продаж, Казань",
        parent: Some(3),
        head: 20,
    },
];

type Stage = (&'static str, &'static str, Option<&'static str>);

const DEAL_STAGES: &[Stage] = &[
    ("NEW", "Новая", None),
    ("PREPARATION", "Подготовка документов", None),
    ("PREPAYMENT_INVOICE", "Счёт на предоплату", None),
    ("EXECUTING", "В работе", None),
    ("FINAL_INVOICE", "Финальный счёт", None),
    ("WON", "Сделка успешна", Some("S")),
    ("LOSE", "Сделка провалена", Some("F")),
    ("APOLOGY", "Анализ причины провала", Some("F")),
];
const PARTNER_STAGES: &[Stage] = &[
    ("NEW", "Заявка", None),
    ("PREPARATION", "Contract", None),
    ("WON", "Подписан", Some("S")),
    ("LOSE", "Отказ", Some("F")),
];
const LEAD_STAGES: &[Stage] = &[
    ("NEW", "Не обработан", None),
    ("IN_PROCESS", "В работе", None),
    ("PROCESSED", "Обработан", None),
    ("CONVERTED", "Качественный лид", Some("S")),
    ("JUNK", "Некачественный лид", Some("F")),
];
const INVOICE_STAGES: &[Stage] = &[
    ("N", "Новый", None),
    ("S", "Отправлен клиенту", None),
    ("P", "Оплачен", Some("S")),
    ("D", "Не оплачен", Some("F")),
];
const PROCESS_STAGES: &[Stage] = &[
    ("NEW", "Начало", None),
    ("PREPARATION", "Подготовка", None),
    ("CLIENT", "На согласовании", None),
    ("SUCCESS", "Успех", Some("S")),
    ("FAIL", "Провал", Some("F")),
];
const SOURCES: &[Stage] = &[
    ("CALL", "Звонок", None),
    ("EMAIL", "Электронная почта", None),
    ("WEB", "Веб-сайт", None),
    ("ADVERTISING", "Реклама", None),
    ("PARTNER", "Существующий клиент", None),
    ("RECOMMENDATION", "По рекомендации", None),
    ("TRADE_SHOW", "Выставка", None),
    ("WEBFORM", "CRM-форма", None),
    ("OTHER", "Другое", None),
];
const DEAL_TYPES: &[Stage] = &[
    ("SALE", "Продажа", None),
    ("COMPLEX", "Комплексная продажа", None),
    ("GOODS", "Продажа товара", None),
    ("SERVICES", "Услуги", None),
    ("SERVICE", "Сервисное обслуживание", None),
];
const CONTACT_TYPES: &[Stage] = &[
    ("CLIENT", "Клиенты", None),
    ("SUPPLIER", "Поставщики", None),
    ("PARTNER", "Партнёры", None),
    ("OTHER", "Другое", None),
];
const COMPANY_TYPES: &[Stage] = &[
    ("CUSTOMER", "Клиент", None),
    ("SUPPLIER", "Поставщик", None),
    ("COMPETITOR", "Конкурент", None),
    ("PARTNER", "Партнёр", None),
    ("OTHER", "Другое", None),
];
const INDUSTRIES: &[Stage] = &[
    ("IT", "IT", None),
    ("TELECOM", "Телекоммуникации", None),
    ("MANUFACTURING", "Производство", None),
    ("BANKING", "Банки", None),
    ("OTHER", "Другое", None),
];
const EMPLOYEES: &[Stage] = &[
    ("EMPLOYEES_1", "менее 50", None),
    ("EMPLOYEES_2", "50-250", None),
    ("EMPLOYEES_3", "250-500", None),
    ("EMPLOYEES_4", "более 500", None),
];
const HONORIFICS: &[Stage] = &[("HNR_RU_1", "г-н", None), ("HNR_RU_2", "г-жа", None)];

impl Directory {
    pub(crate) fn new() -> Self {
        let mut directory = Self {
            statuses: Vec::new(),
        };
        directory.add("STATUS", "", None, LEAD_STAGES);
        directory.add("SOURCE", "", None, SOURCES);
        directory.add("CONTACT_TYPE", "", None, CONTACT_TYPES);
        directory.add("COMPANY_TYPE", "", None, COMPANY_TYPES);
        directory.add("INDUSTRY", "", None, INDUSTRIES);
        directory.add("EMPLOYEES", "", None, EMPLOYEES);
        directory.add("HONORIFIC", "", None, HONORIFICS);
        directory.add("DEAL_TYPE", "", None, DEAL_TYPES);
        for category in CATEGORIES {
            let stages = match (category.entity_type_id, category.id) {
                (2, 0) => DEAL_STAGES,
                (2, _) => PARTNER_STAGES,
                (31, _) => INVOICE_STAGES,
                (128.., _) => PROCESS_STAGES,
                _ => continue,
            };
            let (entity, prefix) = stage_names(category.entity_type_id, category.id);
            directory.add(&entity, &prefix, Some(category.id), stages);
        }
        directory
    }

    fn add(&mut self, entity_id: &str, prefix: &str, category_id: Option<i64>, stages: &[Stage]) {
        const COLORS: [&str; 5] = ["#39A8EF", "#2FC6F6", "#55D0E0", "#47E4C2", "#FFA900"];
        for ((status_id, name, semantics), place) in stages.iter().zip(0_i64..) {
            let color = match semantics {
                Some("S") => "#7BD500",
                Some(_) => "#FF5752",
                None => COLORS[place as usize % COLORS.len()],
            };
            // Ids of directories have gaps too.
            let id = self
                .statuses
                .last()
                .map_or(1, |last| last.id + 2 - place.min(1));
            let (entity_id, status_id) = (entity_id.to_owned(), format!("{prefix}{status_id}"));
            self.statuses.push(Status {
                id,
                entity_id,
                status_id,
                name: (*name).to_owned(),
                sort: 10 * (place + 1),
                category_id,
                color: color.to_owned(),
                semantics: *semantics,
                is_system: true,
            });
        }
    }

    /// The status of this code in a directory.
    pub(crate) fn status(&self, entity_id: &str, status_id: &str) -> Option<&Status> {
        self.statuses
            .iter()
            .find(|status| status.entity_id == entity_id && status.status_id == status_id)
    }

    /// All statuses of a directory, in their order.
    pub(crate) fn of(&self, entity_id: &str) -> Vec<&Status> {
        let mut found: Vec<_> = self
            .statuses
            .iter()
            .filter(|status| status.entity_id == entity_id)
            .collect();
        found.sort_by_key(|status| status.sort);
        found
    }

    /// The id of the next status.
    pub(crate) fn next_id(&self) -> i64 {
        let ids = self.statuses.iter().map(|status| status.id);
        ids.max().unwrap_or(0) + 1
    }
}

/// The directory of a pipeline's stages, and what their codes begin with.
pub(crate) fn stage_names(entity_type_id: i64, category_id: i64) -> (String, String) {
    match (entity_type_id, category_id) {
        (1, _) => ("STATUS".to_owned(), String::new()),
        (2, 0) => ("DEAL_STAGE".to_owned(), String::new()),
        (2, category) => (format!("DEAL_STAGE_{category}"), format!("C{category}:")),
        (31, category) => (
            format!("SMART_INVOICE_STAGE_{category}"),
            format!("DT31_{category}:"),
        ),
        (process, category) => (
            format!("DYNAMIC_{process}_STAGE_{category}"),
            format!("DT{process}_{category}:"),
        ),
    }
}

/// The pipeline of an entity by id.
pub(crate) fn category(entity_type_id: i64, id: i64) -> Option<&'static Category> {
    CATEGORIES
        .iter()
        .find(|category| category.entity_type_id == entity_type_id && category.id == id)
}
