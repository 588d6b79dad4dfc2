"""The authorities to which a person may complain: names, countries and web addresses, as facts.

Of Germany also those of the states, which supervise shops there. A merchant adds in its own words what the list lacks.
Compared on 1 December 2026 with the list of datenanfragen.de (github.com/datenanfragen/data, supervisory-authorities),
and where that is older (BG, CZ, LI, LT, PL, DE-NI, DE-SN, DE-ST) with pages of the authorities or of their parliaments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Authority:
    name: str
    country: str
    web: str


def _of(rows: str) -> dict[str, Authority]:
    parts = (line.split(" | ") for line in rows.strip().splitlines())
    return {code: Authority(name, code[:2], web) for code, name, web in parts}


AUTHORITIES: Mapping[str, Authority] = _of("""
AT | Österreichische Datenschutzbehörde | dsb.gv.at
BE | Gegevensbeschermingsautoriteit, Autorité de protection des données | dataprotectionauthority.be
BG | Комисия за защита на личните данни | cpdp.bg
CY | Office of the Commissioner for Personal Data Protection | dataprotection.gov.cy
CZ | Úřad pro ochranu osobních údajů | uoou.gov.cz
DE | Die Bundesbeauftragte für den Datenschutz und die Informationsfreiheit | bfdi.bund.de
DE-BB | Die Landesbeauftragte für den Datenschutz und für das Recht auf Akteneinsicht Brandenburg | lda.brandenburg.de
DE-BE | Berliner Beauftragte für Datenschutz und Informationsfreiheit | datenschutz-berlin.de
DE-BW | Der Landesbeauftragte für den Datenschutz und die Informationsfreiheit Baden-Württemberg | baden-wuerttemberg.datenschutz.de
DE-BY | Bayerisches Landesamt für Datenschutzaufsicht | lda.bayern.de
DE-HB | Die Landesbeauftragte für Datenschutz und Informationsfreiheit Bremen | datenschutz.bremen.de
DE-HE | Der Hessische Beauftragte für Datenschutz und Informationsfreiheit | datenschutz.hessen.de
DE-HH | Der Hamburgische Beauftragte für Datenschutz und Informationsfreiheit | datenschutz-hamburg.de
DE-MV | Der Landesbeauftragte für Datenschutz und Informationsfreiheit Mecklenburg-Vorpommern | datenschutz-mv.de
DE-NI | Der Landesbeauftragte für den Datenschutz Niedersachsen | lfd.niedersachsen.de
DE-NW | Landesbeauftragte für Datenschutz und Informationsfreiheit Nordrhein-Westfalen | ldi.nrw.de
DE-RP | Der Landesbeauftragte für den Datenschutz und die Informationsfreiheit Rheinland-Pfalz | datenschutz.rlp.de
DE-SH | Unabhängiges Landeszentrum für Datenschutz Schleswig-Holstein | datenschutzzentrum.de
DE-SL | Unabhängiges Datenschutzzentrum Saarland | datenschutz.saarland.de
DE-SN | Die Sächsische Datenschutz- und Transparenzbeauftragte | datenschutz.sachsen.de
DE-ST | Landesbeauftragte für den Datenschutz Sachsen-Anhalt | datenschutz.sachsen-anhalt.de
DE-TH | Thüringer Landesbeauftragter für den Datenschutz und die Informationsfreiheit | tlfdi.de
DK | Datatilsynet | datatilsynet.dk
EE | Andmekaitse Inspektsioon | aki.ee
ES | Agencia Española de Protección de Datos | aepd.es
FI | Tietosuojavaltuutetun toimisto | tietosuoja.fi
FR | Commission nationale de l’informatique et des libertés (CNIL) | cnil.fr
GB | Information Commissioner’s Office (ICO) | ico.org.uk
GR | Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα | dpa.gr
HR | Agencija za zaštitu osobnih podataka | azop.hr
HU | Nemzeti Adatvédelmi és Információszabadság Hatóság | naih.hu
IE | Data Protection Commission | dataprotection.ie
IS | Persónuvernd | personuvernd.is
IT | Garante per la protezione dei dati personali | garanteprivacy.it
LI | Datenschutzstelle Fürstentum Liechtenstein | datenschutzstelle.li
LT | Valstybinė duomenų apsaugos inspekcija | vdai.lrv.lt
LU | Commission nationale pour la protection des données | cnpd.public.lu
LV | Datu valsts inspekcija | dvi.gov.lv
MT | Office of the Information and Data Protection Commissioner | idpc.org.mt
NL | Autoriteit Persoonsgegevens | autoriteitpersoonsgegevens.nl
NO | Datatilsynet | datatilsynet.no
PL | Urząd Ochrony Danych Osobowych | uodo.gov.pl
PT | Comissão Nacional de Proteção de Dados | cnpd.pt
RO | Autoritatea Națională de Supraveghere a Prelucrării Datelor cu Caracter Personal | dataprotection.ro
SE | Integritetsskyddsmyndigheten | imy.se
SI | Informacijski pooblaščenec | ip-rs.si
SK | Úrad na ochranu osobných údajov Slovenskej republiky | dataprotection.gov.sk
""")  # noqa: E501 - a name as it is
"""By country, or by country and state."""
TO_CHECK: Mapping[str, str] = {"GB": "Information Commission"}
"""What may have another name by now, and that name. The UK's has it once s. 119 of the Data (Use and Access) Act 2025
is in force (SI 2026/386, reg. 1(2)); whether it is was not found."""


def in_country(country: str) -> str:
    """The code of the country's own authority, or nothing."""
    return country if country in AUTHORITIES else ""
