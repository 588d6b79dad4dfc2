"""What the parts of a field name mean, in the languages a vendor may name fields in.

A field name is cut into lower-case words without accents (`recipientEmail` -> recipient, email; `Empfänger-E-Mail` ->
empfanger, email). Nothing is remembered between calls:
a name may be a value (SEC-42). The lists are general vocabulary for gift cards, written before any file was seen.
"""

import re
import unicodedata

_CUT = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_JOINED = {
    "e mail": "email",
    "e post": "epost",
    "e posta": "eposta",
    "giver name": "sender name",
    "gift card": "giftcard",
    "card holder": "cardholder",
    "served by": "servedby",
    "sold by": "servedby",
    "handled by": "servedby",
    "processed by": "servedby",
    "issued by": "servedby",
    "performed by": "servedby",
    "created by": "servedby",
    "updated by": "servedby",
    "approved by": "servedby",
    "rung up by": "servedby",
    "purchased by": "sender",
    "bought by": "sender",
    "gifted by": "sender",
    "gifted to": "recipient",
    "sent by": "sender",
    "sent to": "recipient",
    "given to": "recipient",
    "given by": "sender",
    "deliver to": "recipient",
    "delivered to": "recipient",
    "pay to": "counterparty",
    "point of sale": "pos",
    "team member": "employee",
    "sales person": "salesperson",
    "sales rep": "salesperson",
    "till operator": "cashier",
    "other party": "counterparty",
    "counter party": "counterparty",
    "transferred to": "counterparty",
    "transferred from": "counterparty",
    "transfer to": "counterparty",
    "ubertragen an": "counterparty",
    "ubertragen von": "counterparty",
    "transfere a": "counterparty",
    "transferido a": "counterparty",
    "transferido para": "counterparty",
    "trasferito a": "counterparty",
    "overgedragen aan": "counterparty",
    "overford till": "counterparty",
    "overfort til": "counterparty",
    "przekazano do": "counterparty",
    "transfer from": "counterparty",
    "transfer target": "counterparty",
    "transfer source": "counterparty",
    "new owner": "counterparty",
    "previous owner": "counterparty",
    "former owner": "counterparty",
    "old owner": "counterparty",
    "linked card": "relatedcard",
    "related card": "relatedcard",
    "source card": "relatedcard",
    "target card": "relatedcard",
    "destination card": "relatedcard",
    "from card": "relatedcard",
    "to card": "relatedcard",
    "other card": "relatedcard",
    "personal data": "person",
    "personal information": "person",
    "personal info": "person",
    "personal details": "person",
    "personal detail": "person",
    "personal record": "person",
    "personal profile": "person",
    "personliche daten": "person",
    "personenbezogene daten": "person",
    "personliche angaben": "person",
    "datos personales": "person",
    "informacion personal": "person",
    "donnees personnelles": "person",
    "informations personnelles": "person",
    "dati personali": "person",
    "informazioni personali": "person",
    "persoonlijke gegevens": "person",
    "data subject": "person",
    "contact person": "contact",
}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


SENDER = _set("""
    sender senders giver givers gifter purchaser purchasers buyer buyers donor absender schenker schenkende
    schenkender kaufer kauferin besteller expediteur expeditrice acheteur acheteuse offrant donateur remitente
    comprador compradora donante mittente acquirente donatore afzender schenkster koper verzender remetente doador
    nadawca nadawcy kupujacy kupujacego darczynca darczyncy avsandare givare kopare afsender kober avsender kjoper
    lahettaja ostaja gonderen odesilatel darce felado
""")
RECIPIENT = _set("""
    recipient recipients receiver receivers beneficiary beneficiaries giftee empfanger empfangerin beschenkter
    beschenkte beschenkten destinataire destinataires beneficiaire destinatario destinataria destinatarios
    beneficiario beneficiaria ontvanger ontvangers begunstigde odbiorca odbiorcy obdarowany obdarowanego mottagare
    modtager mottaker vastaanottaja saaja alici prijemce obdarovany cimzett
""")
STAFF = _set("""
    cashier cashiers clerk operator staff employee employees salesperson seller associate attendant servedby agent
    kassierer kassiererin kassier mitarbeiter mitarbeiterin bediener verkaufer verkauferin bearbeiter personal
    caissier caissiere employe vendeur vendeuse operateur cajero cajera empleado empleada vendedor vendedora operador
    cassiere commesso commessa dipendente operatore impiegato medewerker verkoper caixa funcionario atendente kasjer
    kasjera kasjerka pracownik pracownika sprzedawca sprzedawcy kassor kassorska medarbetare saljare anstalld
    ekspedient medarbejder ansat kassamedarbeider selger ansatt kassahenkilo myyja kasiyer calisan pokladni prodavac
    penztaros barista waiter teller manager supervisor
""")
TERMINAL = _set("""
    terminal terminals till register pos workstation kasse kassen kassenplatz gerat caisse borne tpv terminale
    cassa kassa terminaal kasa stanowisko kassaapparat kassapaate maquina pokladna registradora
""")
MESSAGE = _set("""
    message messages msg greeting greetings dedication inscription note notes personalmessage wish wishes comment
    comments remark remarks nachricht grusstext gruss grussbotschaft widmung botschaft notiz anmerkung bemerkung
    kommentar mensaje mensajes dedicatoria nota felicitacion comentario voeux dedicace mot commentaire messaggio
    dedica augurio augurii commento bericht boodschap persoonlijk groet opmerking mensagem recado observacao
    wiadomosc zyczenia dedykacja uwagi meddelande halsning besked hilsen melding viesti tervehdys mesaj tebrik
    zprava vzkaz uzenet
""")
COUNTERPARTY = _set("""
    counterparty counterparties transferee transferor counterpart payee payer gegenpartei gegenseite
    ubertragungsempfanger contrepartie contraparte controparte tegenpartij kontrahent kontrahenta motpart modpart
    vastapuoli
""")
TRANSFER = _set("""
    transfer transfers transferred ubertragung ubertrag umbuchung transfert virement transferencia traspaso
    trasferimento overdracht overboeking przelew overforing overforsel siirto
""")
CUSTOMER = _set("""
    customer customers client clients kunde kundin kunden cliente clientes clienti klant klanten klient klienta
    member members subject person persons people holder cardholder owner shopper guest user users profile account
    consumer titular titulaire inhaber karteninhaber mitglied membre miembro socio lid medlem asiakas musteri
    zakaznik ugyfel kund kunder kundens klienci
    cust custs kdnr contact contacts subscriber subscribers registrant customerprofile persoonsgegevens
    kontakt kontakte benutzer benutzerin nutzer nutzerin inhaberin eigentumer eigentumerin besitzer besitzerin
    abonnent abonnenten person personen teilnehmer mitglieder profil kundinnen
    contacto contactos usuario usuaria usuarios suscriptor suscriptora suscriptores propietario propietaria dueno duena
    persona personas perfil abonado miembros socios clienta
    utilisateur utilisatrice utilisateurs abonne abonnee abonnes proprietaire proprietaires personne personnes membres
    detenteur detentrice adherent adherente clientele cliente
    contatto contatti utente utenti iscritto iscritti proprietario proprietaria proprietari persone profilo titolare
    intestatario abbonato membro membri
    contactpersoon contacten gebruiker gebruikers abonnee eigenaar eigenaars houder kaarthouder persoon personen leden
    profiel
""")
EMAIL = _set("""
    email emails mail mailaddress emailaddress courriel correo epost eposta sahkoposti mailadresse emailadresse
    mel posta
""")
PHONE = _set("""
    phone phones telephone tel mobile cell msisdn telefon telefonnummer handy mobil rufnummer mobilnummer telefono
    movil celular cellulare telefoon mobiel telefone telemovel komorka puhelin gsm portable sms whatsapp
""")
NAME = _set("""
    name firstname lastname fullname surname forename givenname familyname displayname nickname nachname vorname
    vollname nom prenom nombre apellido apellidos nome cognome naam voornaam achternaam sobrenome apelido imie
    nazwisko namn fornamn efternamn navn fornavn efternavn etternavn nimi etunimi sukunimi ad soyad jmeno prijmeni
    nev
""")
ADDRESS = _set("""
    address street city zip postcode postal adresse strasse stadt ort plz rue ville calle direccion ciudad
    indirizzo via citta adres straat stad endereco rua cidade ulica miasto adress gata gade by osoite
""")
BIRTH = _set("""
    birthday birthdate dob birth geburtsdatum geburtstag naissance nacimiento nascita geboortedatum nascimento
""")
ID = _set("""
    id ids uid uuid guid number no nr num code key ref identifier identifiant nummer numero numer identificador
    codice codigo kod kode kodi oid kennung pk fk
""")
CARD = _set("""
    card cards giftcard giftcards cardnumber pan voucher vouchernumber karte karten kartennummer gutschein
    gutscheinnummer geschenkkarte carte cartes tarjeta tarjetas carta kaart kaartnummer cadeaukaart cartao karta
    karty kort kortnummer presentkort gavekort kortti kart relatedcard
""")
RELATED_CARD = _set("""
    relatedcard
""")
BUSINESS = _set("""
    merchant merchants store stores shop shops location branch company business brand program programme programs
    retailer vendor support helpdesk handler handlerin filiale laden geschaft firma marchand magasin boutique
    tienda comercio negozio esercente winkel loja sklep sklepu butik butikk kauppa app template design product products
    article campaign system platform controller dpo issuer
""")
DATE = _set("""
    date dates time datetime timestamp at on since until when day created updated processed datum zeit zeitpunkt
    uhrzeit heure fecha hora data ora tijd tidspunkt dato tid erstellt angelegt cree creado creato aika paiva czas
""")
AMOUNT = _set("""
    amount amounts value total sum price betrag summe wert montant somme importe monto cantidad importo bedrag
    valor quantia kwota belopp belob belop summa tutar castka
""")
TRANSACTION = _set("""
    transaction transactions activity activities movement movements history ledger purchases redemptions buchung
    buchungen umsatze transaktion transaktionen operations mouvements transacciones movimientos transazioni
    movimenti transacties transacoes transakcje transaktioner
""")
NOT_A_PERSON = _set("""
    type kind count counts status state flag language locale lang country currency channel method enabled verified
    consent optin template size version format visible model os typ art anzahl sprache land waehrung wahrung
    langue pays devise idioma pais moneda lingua paese valuta taal total quantity sent read opened length firmware
    platform priority subject category sequence index batch
""")


def words(name: str) -> tuple[str, ...]:
    """`name` cut into plain lower-case words; well-known pairs are one word. At most the first 300 characters count."""
    plain = unicodedata.normalize("NFKD", name[:300].replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    plain = plain.replace("ł", "l").replace("æ", "ae").replace("œ", "oe").replace("\u0131", "i")
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    cut = " ".join(_CUT.findall(plain)).lower()
    for pair, one in _JOINED.items():
        if pair in cut:
            cut = re.sub(rf"\b{pair}\b", one, cut)
    return tuple(cut.split())


def has(found: "tuple[str, ...] | frozenset[str]", *lists: frozenset[str]) -> bool:
    """True when one of the words, whole or as the end of a compound (`kundenemail`), is in one of the lists."""
    return any(word in wanted for word in found for wanted in lists)


def meaning(name: str) -> frozenset[str]:
    """Every word of `name`, a compound as the known words it is made of (`Kundennummer` -> kunden, nummer)."""
    found: set[str] = set()
    for word in words(name):
        known = len(word) < 6 or word in KNOWN_WORDS
        found.update((not known and _parts(word)) or {word})
    return frozenset(found)


def _parts(word: str) -> set[str]:
    """A compound as known words: first ever longer beginnings, then what follows, with the joining s or n left out."""
    for cut in range(len(word) - 2, 2, -1):
        head, tail = word[:cut], word[cut:]
        for first in (head, head.removesuffix("s"), head.removesuffix("n"), head.removesuffix("en")):
            if first in KNOWN_WORDS and tail in KNOWN_WORDS:
                return {first, tail}
    return set()


KNOWN_WORDS = frozenset[str]().union(
    *(SENDER, RECIPIENT, STAFF, TERMINAL, MESSAGE, COUNTERPARTY, TRANSFER, CUSTOMER, EMAIL, PHONE, NAME, ADDRESS),
    *(BIRTH, ID, CARD, BUSINESS, DATE, AMOUNT, TRANSACTION, NOT_A_PERSON),
)
