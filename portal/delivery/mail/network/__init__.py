"""The ways to other machines: the relay that takes mails, the mailbox that bounces come to."""
