"""Numbers as texts, the way Go prints them."""

import math
from decimal import Decimal


def shown(number: float) -> str:
    """Without an exponent and with no more digits than needed."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    text = format(Decimal(repr(float(number))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_list(numbers: list[float]) -> str:
    return f"[{','.join(shown(one) for one in numbers)}]"
