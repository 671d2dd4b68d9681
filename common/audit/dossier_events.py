"""The part of the catalogue that is about dossiers, consents and groups."""

from typing import Final

from common.audit.events import Level
from common.audit.fields import no, yes

# Dossiers, what companies may do with them, and what patients chose.
DOSSIER_CREATED: Final = yes("dossier.created", "A company made a dossier.", "company_id dossier_id pseudoniem")
DOSSIER_FOUND: Final = yes(
    "dossier.found", "A company asked to make a dossier that it has.", "company_id dossier_id pseudoniem"
)
DOSSIER_SHOWN: Final = yes(
    "dossier.shown",
    "A company or a launch saw a dossier, on this `ground`.",
    "company_id launch_id dossier_id pseudoniem ground",
)
DOSSIER_WITHHELD: Final = no(
    "dossier.withheld",
    "A dossier was asked for that is not there or is another's; its id is given only where there is one.",
    "company_id launch_id dossier_id cause",
)
DOSSIERS_LISTED: Final = yes(
    "dossiers.listed",
    "A company or a launch saw so many dossiers, on this `ground`; `pseudoniem` is a launch's patient.",
    "company_id launch_id pseudoniem count ground",
)
DOSSIER_DELETED: Final = yes(
    "dossier.deleted", "A company deleted a dossier, and the consent with it.", "company_id pseudoniem", Level.NOTICE
)
DOSSIER_NOT_DELETED: Final = no(
    "dossier.not_deleted", "A company asked to delete a dossier that it does not have.", "company_id pseudoniem cause"
)
PERMISSION_GRANTED: Final = yes(
    "permission.granted", "A company asked, and the patient has approved.", "company_id dossier_id pseudoniem"
)
PERMISSION_WITHHELD: Final = no(
    "permission.withheld",
    "A company asked, and the patient has not approved; without `pseudoniem` the patient was never seen.",
    "company_id dossier_id pseudoniem because",
)
CONSENT_CHOSEN: Final = yes(
    "consent.chosen",
    "A patient chose; in `language` is the text that was shown, where that is known.",
    "company_id dossier_id pseudoniem choice language",
    Level.NOTICE,
)
CONSENT_REPEATED: Final = yes(
    "consent.repeated",
    "A patient chose what was chosen already; nothing is added.",
    "company_id dossier_id pseudoniem choice",
)
CONSENT_OVERTAKEN: Final = no(
    "consent.overtaken",
    "A patient chose on a page from before the latest choice; nothing is kept.",
    "company_id dossier_id pseudoniem choice",
)
CONSENT_REFUSED: Final = no(
    "consent.refused", "A patient chose for a dossier that is not there or is another's.", "dossier_id pseudoniem cause"
)
DOSSIERS_SHOWN_TO_PATIENT: Final = yes(
    "dossiers.shown_to_patient", "A patient saw who holds a dossier.", "pseudoniem count"
)

# Groups, and the dossiers in them.
GROUP_CREATED: Final = yes("group.created", "A company made a group.", "company_id group_id")
GROUPS_LISTED: Final = yes(
    "groups.listed", "A company or a launch saw so many groups, on this `ground`.", "company_id launch_id count ground"
)
GROUP_WITHHELD: Final = no(
    "group.withheld",
    "A group was asked for that is not there or is another's; its id is given only where there is one.",
    "company_id launch_id group_id cause",
)
GROUP_DOSSIER_CREATED: Final = yes(
    "group_dossier.created",
    "A company made a dossier in a group; with `pseudoniem` it is linked to that patient.",
    "company_id group_id group_dossier_id pseudoniem",
)
GROUP_DOSSIERS_LISTED: Final = yes(
    "group_dossiers.listed",
    "A company or a launch saw so many group dossiers, on this `ground`; `pseudoniem` is a launch's patient.",
    "company_id launch_id group_id pseudoniem count ground",
)
GROUP_DOSSIERS_SEARCHED: Final = yes(
    "group_dossiers.searched",
    "The same, of those that a name or an external identifier was searched for.",
    "company_id launch_id group_id pseudoniem count ground",
)
