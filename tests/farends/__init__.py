"""Far ends nobody here wrote: Asterisk and SIPp. They import nothing of the product and share none of its constants."""
