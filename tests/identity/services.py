"""The identity services on one database, put together as `portal.composition` does."""

from __future__ import annotations

from dataclasses import dataclass

from portal.config import Settings
from portal.identity.account_exchange import AccountExchange
from portal.identity.accounts import Accounts
from portal.identity.factors.loyaltydog_sign_in import LoyaltyDogSignIn
from portal.identity.factors.one_time_code import OneTimeCodes
from portal.identity.factors.password_sign_in import PasswordSignIn
from portal.identity.factors.second_factor import SecondFactor
from portal.identity.own_account import OwnAccount
from portal.identity.refusal_audit import RefusalAudit
from portal.identity.sessions import Sessions
from portal.identity.step_up import StepUp
from portal.identity.tickets import Tickets
from portal.storage.engine import Database
from portal.vault import FieldSealer


@dataclass
class Services:
    db: Database
    settings: Settings
    accounts: Accounts
    account_exchange: AccountExchange
    own_account: OwnAccount
    sessions: Sessions
    tickets: Tickets
    password_sign_in: PasswordSignIn
    loyaltydog_sign_in: LoyaltyDogSignIn
    second_factor: SecondFactor
    step_up: StepUp


def services_on(db: Database, sealer: FieldSealer, settings: Settings) -> Services:
    refusals, codes, tickets = RefusalAudit(db), OneTimeCodes(db, sealer), Tickets(db, sealer)
    return Services(
        db=db,
        settings=settings,
        accounts=Accounts(db, refusals, sealer, settings),
        account_exchange=AccountExchange(db),
        own_account=OwnAccount(db, refusals, settings),
        sessions=Sessions(db, refusals, sealer, settings),
        tickets=tickets,
        password_sign_in=PasswordSignIn(db, refusals),
        loyaltydog_sign_in=LoyaltyDogSignIn(db, refusals, settings),
        second_factor=SecondFactor(db, refusals, settings, codes),
        step_up=StepUp(db, refusals, codes, tickets),
    )
