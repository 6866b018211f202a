"""Tables. Importing this package registers all of them on `Base.metadata`."""

from qpvmap.storage.models.accounts import (
    Account,
    ApiToken,
    AttemptCount,
    Passkey,
    RoleRow,
    account_role,
    team_member,
)
from qpvmap.storage.models.base import Base
from qpvmap.storage.models.bulk import Beat, BulkRun
from qpvmap.storage.models.equipment import BanAddress, EquipmentMatch, UnplacedEquipment
from qpvmap.storage.models.guide import (
    GuideEvent,
    GuideOffer,
    GuideProposal,
    GuideStructure,
    GuideSynonym,
)
from qpvmap.storage.models.inbox import InboxDefault, InboxView, SearchWord
from qpvmap.storage.models.notices import Notice
from qpvmap.storage.models.places import (
    Commune,
    Dataset,
    DataVersion,
    Epci,
    Equipment,
    Indicator,
    IndicatorValue,
    Iris,
    Qpv,
    Road,
)
from qpvmap.storage.models.replies import ReplyTemplate
from qpvmap.storage.models.rounds import Round, RoundStop
from qpvmap.storage.models.signalements import (
    Contact,
    Event,
    Photo,
    ReferenceCounter,
    Signalement,
    Support,
)
from qpvmap.storage.models.subscriptions import (
    PushDevice,
    Reminder,
    Subscriber,
    Subscription,
    TeamDigest,
)
from qpvmap.storage.models.territories import (
    Category,
    ClosingDay,
    DeadlineRule,
    Emprise,
    Operation,
    Organisation,
    Precedent,
    RoutingRuleRow,
    Team,
    Territory,
)

__all__ = [
    "Account",
    "ApiToken",
    "AttemptCount",
    "BanAddress",
    "Base",
    "Beat",
    "BulkRun",
    "Category",
    "ClosingDay",
    "Commune",
    "Contact",
    "DataVersion",
    "Dataset",
    "DeadlineRule",
    "Emprise",
    "Epci",
    "Equipment",
    "EquipmentMatch",
    "Event",
    "GuideEvent",
    "GuideOffer",
    "GuideProposal",
    "GuideStructure",
    "GuideSynonym",
    "InboxDefault",
    "InboxView",
    "Indicator",
    "IndicatorValue",
    "Iris",
    "Notice",
    "Operation",
    "Organisation",
    "Passkey",
    "Photo",
    "Precedent",
    "PushDevice",
    "Qpv",
    "ReferenceCounter",
    "Reminder",
    "ReplyTemplate",
    "Road",
    "RoleRow",
    "Round",
    "RoundStop",
    "RoutingRuleRow",
    "SearchWord",
    "Signalement",
    "Subscriber",
    "Subscription",
    "Support",
    "Team",
    "TeamDigest",
    "Territory",
    "UnplacedEquipment",
    "account_role",
    "team_member",
]
