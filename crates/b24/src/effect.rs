//! What running a method twice would do.

#[cfg(test)]
mod tests;

/// What a call does to the portal, and so what may happen when its answer is
/// lost: a read and an idempotent write are sent again, a write never is.
///
/// Nothing in an answer or in the documentation tells the effect, so it comes
/// from the name. What is not known to be harmless counts as a write: the
/// mistake then costs an error, not a second deal.
///
/// ```
/// use b24::Effect;
///
/// assert_eq!(Effect::of("crm.item.list"), Effect::Read);
/// assert_eq!(Effect::of("crm.item.productrow.set"), Effect::IdempotentWrite);
/// assert_eq!(Effect::of("crm.item.add"), Effect::Write);
/// assert_eq!(Effect::of("no.such.method"), Effect::Write);
///
/// // It takes rows out of the queue, whatever its name says.
/// assert_eq!(Effect::of("event.offline.get"), Effect::Write);
///
/// // The order is by strength.
/// assert!(Effect::Read < Effect::IdempotentWrite && Effect::IdempotentWrite < Effect::Write);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Run twice, it leaves what one run leaves.
    IdempotentWrite,
    /// Run twice, it may do the thing twice.
    Write,
}

impl Effect {
    /// The effect of a method, in any case of its letters, of API v2 or v3.
    ///
    /// `batch` itself is a write; for one whose commands are known take the
    /// [strongest](Self::strongest) of them.
    pub fn of(method: &str) -> Self {
        let method = method.to_ascii_lowercase();
        if let Some((_, effect)) = EXCEPTIONS.iter().find(|(name, _)| *name == method) {
            return *effect;
        }
        let last = method.rsplit('.').next().unwrap_or(&method);
        let reads = (method.contains('.') && READ_WORDS.contains(&last))
            || READS.contains(&method.as_str())
            || method.starts_with("crm.enum.");
        if reads { Self::Read } else { Self::Write }
    }

    /// The strongest of several effects: what a batch of such commands does.
    /// Of none it is [`Effect::Read`].
    pub fn strongest(effects: impl IntoIterator<Item = Self>) -> Self {
        effects.into_iter().max().unwrap_or(Self::Read)
    }
}

/// Last words of methods that only read, wherever they occur.
const READ_WORDS: &[&str] = &[
    "aggregate",
    "count",
    "current",
    "fields",
    "get",
    "getaccess",
    "getallowedactions",
    "getallowedtaskactionsasstrings",
    "getbyentitytypeid",
    "getbyid",
    "getfields",
    "getfieldsbyfilter",
    "getfieldsbytype",
    "getlist",
    "getmanifest",
    "gettypes",
    "isactionallowed",
    "list",
    "search",
    "statuslist",
    "tail",
    "types",
];

/// Methods that only read, although their last word alone does not tell.
const READS: &[&str] = &[
    "access.name",
    "app.info",
    "bizproc.workflow.instances",
    "calendar.event.get.nearest",
    "calendar.event.getnearest",
    "catalog.catalog.isoffers",
    "catalog.document.mode.status",
    "catalog.enum.getroundtypes",
    "catalog.enum.getstoredocumenttypes",
    "catalog.pricetypelang.getlanguages",
    "catalog.product.download",
    "catalog.product.offer.download",
    "catalog.product.service.download",
    "catalog.product.sku.download",
    "catalog.productpropertyfeature.getavailablefeaturesbyproperty",
    "crm.activity.call.gettranscript",
    "crm.dealcategory.status",
    "crm.duplicate.findbycomm",
    "crm.item.productrow.getavailableforpayment",
    "crm.requisite.preset.countries",
    "crm.requisite.preset.field.availabletoadd",
    "crm.status.entity.items",
    "disk.file.getversions",
    "disk.folder.getchildren",
    "disk.rights.gettasks",
    "disk.storage.getchildren",
    "documentation",
    "events",
    "humanresources.employee.multidepartment",
    "humanresources.employee.subordinates",
    "humanresources.node.children",
    "im.v2.file.download",
    "imbot.v2.chat.message.getcontext",
    "imbot.v2.file.download",
    "imconnector.status",
    "imopenlines.crm.chat.getlastid",
    "landing.block.getcontent",
    "landing.block.getcontentfromrepository",
    "landing.block.getmanifestfile",
    "landing.block.getrepository",
    "landing.demos.getpagelist",
    "landing.demos.getsitelist",
    "landing.landing.getadditionalfields",
    "landing.landing.getpreview",
    "landing.landing.getpublicurl",
    "landing.landing.resolveidbypublicurl",
    "landing.repo.checkcontent",
    "landing.role.getrights",
    "landing.role.isenabled",
    "landing.site.getadditionalfields",
    "landing.site.getfolders",
    "landing.site.getgroupbindings",
    "landing.site.getmenubindings",
    "landing.site.getpreview",
    "landing.site.getpublicurl",
    "landing.site.getrights",
    "landing.syspage.getspecialpage",
    "landing.template.getlandingref",
    "landing.template.getsiteref",
    "lists.element.get.file.url",
    "lists.get.iblock.type.id",
    "log.blogpost.getusers.important",
    "mail.mailbox.senders",
    "mail.message.thread",
    "mail.recipient.listcontacts",
    "mail.recipient.listemployees",
    "methods",
    "profile",
    "rest.documentation.openapi",
    "rpa.fields.getsettings",
    "rpa.item.gettasks",
    "rpa.stage.listfortype",
    "rpa.timeline.listforitem",
    "sale.basketitem.getfieldscatalogproduct",
    "sale.statuslang.getlistlangs",
    "scope",
    "server.time",
    "sonet_group.feature.access",
    "sonet_group.user.groups",
    "task.item.getdata",
    "task.item.getdependson",
    "task.item.getdescription",
    "task.item.getfiles",
    "task.stages.canmovetask",
    "tasks.api.scrum.kanban.getstages",
    "tasks.flow.flow.isexists",
    "telephony.externalcall.searchcrmentities",
    "timeman.networkrange.check",
    "timeman.settings",
    "timeman.status",
    "user.access",
    "user.admin",
    "userconsent.agreement.text",
    "vote.attachedvote.download",
    "vote.attachedvote.getanswervoted",
    "vote.attachedvote.getmany",
    "vote.attachedvote.getwithvoted",
    "voximplant.sip.connector.status",
    "voximplant.sip.status",
];

/// Methods whose effect is not what their last word says, and the writes that
/// may be repeated: each sets the whole of something to what it is given.
///
/// No `update` is here: a new multifield value or file in it is added again.
/// No `delete` either: the second run answers "not found", and the caller could
/// not tell his success from somebody else's.
const EXCEPTIONS: &[(&str, Effect)] = &[
    // Takes rows out of the queue unless told `clear=0`.
    ("event.offline.get", Effect::Write),
    // Confirm, and so forget, the events before `offset`.
    ("im.v2.event.get", Effect::IdempotentWrite),
    ("imbot.v2.event.get", Effect::IdempotentWrite),
    // Marks every notification it names as read.
    ("im.notify.read.list", Effect::IdempotentWrite),
    // Make their object at the first call.
    ("im.disk.folder.get", Effect::IdempotentWrite),
    ("disk.storage.getforapp", Effect::IdempotentWrite),
    // Opens a new channel with `REOPEN=Y`.
    ("pull.application.config.get", Effect::IdempotentWrite),
    ("app.option.set", Effect::IdempotentWrite),
    ("user.option.set", Effect::IdempotentWrite),
    ("crm.company.contact.items.set", Effect::IdempotentWrite),
    ("crm.contact.company.items.set", Effect::IdempotentWrite),
    ("crm.deal.contact.items.set", Effect::IdempotentWrite),
    ("crm.lead.contact.items.set", Effect::IdempotentWrite),
    ("crm.quote.contact.items.set", Effect::IdempotentWrite),
    ("crm.deal.productrows.set", Effect::IdempotentWrite),
    ("crm.item.productrow.set", Effect::IdempotentWrite),
    ("crm.lead.productrows.set", Effect::IdempotentWrite),
    ("crm.quote.productrows.set", Effect::IdempotentWrite),
    (
        "crm.company.details.configuration.set",
        Effect::IdempotentWrite,
    ),
    (
        "crm.contact.details.configuration.set",
        Effect::IdempotentWrite,
    ),
    (
        "crm.deal.details.configuration.set",
        Effect::IdempotentWrite,
    ),
    (
        "crm.item.details.configuration.set",
        Effect::IdempotentWrite,
    ),
    (
        "crm.lead.details.configuration.set",
        Effect::IdempotentWrite,
    ),
    ("crm.settings.mode.set", Effect::IdempotentWrite),
    ("im.user.status.set", Effect::IdempotentWrite),
];
