"""What a person is written: letters as HTML and text, and the merchant's profile that they take their items from."""
