"""The two ways in which a measurement ends without a figure."""


class Failure(Exception):
    """Something did not work; the message is a sentence for the person at the terminal."""


class Refused(Failure):
    """The service declined the request for a documented reason and works on."""
