"""Who a person is at LoyaltyDog: looked up and chosen by somebody (`finder`), and whose a record is (`classes`)."""
