"""Column names of the CSV tables, in the order of the files."""

from typing import Final

CUSTOMER_COLUMNS: Final = (
    "id",
    "email",
    "name",
    "phone",
    "locale",
    "createdAt",
)

CARD_COLUMNS: Final = (
    "id",
    "cardNumber",
    "balance",
    "initialValue",
    "status",
    "createdAt",
    "expiresAt",
    "customerId",
    "customerEmail",
    "customerPhone",
    "customerName",
    "merchantId",
    "isPhysical",
    "designTemplate",
    "customMessage",
    "lastFourDigits",
    "programId",
    "senderName",
    "merchantName",
    "programName",
)

TRANSACTION_COLUMNS: Final = (
    "id",
    "transactionType",
    "amount",
    "balanceBefore",
    "balanceAfter",
    "referenceId",
    "description",
    "createdAt",
    "processedAt",
    "merchantId",
    "posTransactionId",
    "cashierId",
    "terminalId",
    "cashierName",
    "cardId",
)

ROW_COLUMNS: Final = (
    "customerId",
    "customerEmail",
    "customerName",
    "customerPhone",
    "cardId",
    "cardNumber",
    "cardStatus",
    "cardBalance",
    "programId",
    "programName",
    "senderName",
    "senderEmail",
    "recipientName",
    "recipientEmail",
    "customMessage",
    "transactionId",
    "transactionType",
    "amount",
    "balanceBefore",
    "balanceAfter",
    "referenceId",
    "description",
    "createdAt",
    "processedAt",
    "merchantId",
    "posTransactionId",
    "cashierId",
    "terminalId",
    "cashierName",
)

CONSENT_COLUMNS: Final = ("customerId", "purpose", "granted", "consentedAt", "ipAddress")
