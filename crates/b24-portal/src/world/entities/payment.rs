use super::standard;
use crate::world::schema::Field;
use crate::world::schema::Kind::{
    Code, Currency, Date, DateTime, Flag, Integer, Money, Reference, Text,
};

/// Payments of orders: `sale.payment.*`.
pub(in crate::world) const PAYMENT: &[Field] = &[
    standard::ID,
    Field::new("ACCOUNT_NUMBER", "accountNumber", Text, "Number").read_only(),
    Field::new("ORDER_ID", "orderId", Integer, "Order")
        .once()
        .required(),
    Field::new("PAY_SYSTEM_ID", "paySystemId", Integer, "Payment system").required(),
    Field::new(
        "PAY_SYSTEM_NAME",
        "paySystemName",
        Code,
        "Payment system's name",
    )
    .read_only(),
    Field::new("PAY_SYSTEM_XML_ID", "paySystemXmlId", Text, "")
        .code("")
        .constant(),
    Field::new(
        "PAY_SYSTEM_IS_CASH",
        "paySystemIsCash",
        Code,
        "Payment in cash",
    )
    .code("N")
    .read_only(),
    Field::new("SUM", "sum", Money, "Sum").number(0),
    Field::new("CURRENCY", "currency", Currency, "Currency").read_only(),
    Field::new("PRICE_COD", "priceCod", Text, "Cash on delivery")
        .code("0.00")
        .constant(),
    Field::new("PAID", "paid", Flag, "Paid").number(0),
    Field::new("DATE_PAID", "datePaid", DateTime, "Paid on"),
    Field::new("EMP_PAID_ID", "empPaidId", Reference("user"), "Paid by"),
    Field::new("DATE_BILL", "dateBill", DateTime, "Issued on"),
    Field::new("DATE_PAY_BEFORE", "datePayBefore", DateTime, "Pay before").rare(),
    Field::new("PAY_VOUCHER_NUM", "payVoucherNum", Text, "Voucher").code(""),
    Field::new(
        "PAY_VOUCHER_DATE",
        "payVoucherDate",
        Date,
        "Date of the voucher",
    )
    .rare(),
    Field::new("IS_RETURN", "isReturn", Flag, "Returned").number(0),
    Field::new("PAY_RETURN_NUM", "payReturnNum", Text, "Return document").code(""),
    Field::new("PAY_RETURN_DATE", "payReturnDate", Date, "Date of return").rare(),
    Field::new(
        "PAY_RETURN_COMMENT",
        "payReturnComment",
        Text,
        "About the return",
    )
    .code(""),
    Field::new(
        "EMP_RETURN_ID",
        "empReturnId",
        Reference("user"),
        "Returned by",
    )
    .rare(),
    Field::new("PS_STATUS", "psStatus", Text, "Confirmed").code(""),
    Field::new("PS_STATUS_CODE", "psStatusCode", Text, "Code of the state").code(""),
    Field::new(
        "PS_STATUS_DESCRIPTION",
        "psStatusDescription",
        Text,
        "Description of the state",
    )
    .code(""),
    Field::new(
        "PS_STATUS_MESSAGE",
        "psStatusMessage",
        Text,
        "Message of the payment system",
    )
    .code(""),
    Field::new("PS_SUM", "psSum", Money, "Sum in the payment system").rare(),
    Field::new(
        "PS_CURRENCY",
        "psCurrency",
        Text,
        "Currency in the payment system",
    )
    .code(""),
    Field::new(
        "PS_RESPONSE_DATE",
        "psResponseDate",
        DateTime,
        "Answered on",
    )
    .rare(),
    Field::new(
        "PS_INVOICE_ID",
        "psInvoiceId",
        Text,
        "Id in the payment system",
    )
    .code(""),
    Field::new("COMPANY_ID", "companyId", Integer, "Company").rare(),
    Field::new(
        "RESPONSIBLE_ID",
        "responsibleId",
        Reference("user"),
        "Responsible person",
    ),
    Field::new(
        "EMP_RESPONSIBLE_ID",
        "empResponsibleId",
        Reference("user"),
        "Named by",
    ),
    Field::new(
        "DATE_RESPONSIBLE_ID",
        "dateResponsibleId",
        DateTime,
        "Named on",
    )
    .read_only(),
    Field::new("MARKED", "marked", Flag, "In trouble").number(0),
    Field::new("REASON_MARKED", "reasonMarked", Text, "What trouble").code(""),
    Field::new("DATE_MARKED", "dateMarked", DateTime, "Marked on")
        .rare()
        .read_only(),
    Field::new(
        "EMP_MARKED_ID",
        "empMarkedId",
        Reference("user"),
        "Marked by",
    )
    .rare(),
    Field::new("COMMENTS", "comments", Text, "Comments").code(""),
    Field::new("XML_ID", "xmlId", Text, "External id").code(""),
    Field::new("EXTERNAL_PAYMENT", "externalPayment", Code, "From outside").code("N"),
    Field::new("UPDATED_1C", "updated1c", Flag, "Changed by 1C").number(0),
    Field::new("ID_1C", "id1c", Text, "Id in 1C").code(""),
    Field::new("VERSION_1C", "version1c", Text, "Version in 1C").code(""),
];

/// The payment systems: id, name, whether they take cash.
pub(crate) const PAY_SYSTEMS: &[(i64, &str, &str)] = &[
    (1, "Наличные", "Y"),
    (2, "Банковский перевод", "N"),
    (3, "Card terminal", "A"),
    (4, "Online card", "N"),
];
