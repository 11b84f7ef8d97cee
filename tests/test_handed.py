"""What is known of parameters without annotation needs that they keep the value that they are given."""

import pytest

from codemods.facts.handed import Body


@pytest.mark.parametrize(
    "code",
    [
        "shop = 1",
        "shop: Shop = 1",
        "shop += 1",
        "a, shop = pair",
        "shop, a = pair",
        "(a, [shop, b]) = pair",
        "a = shop = 1",
        "if a: shop = 1",
        "if (shop := make()): pass",
        "with make() as shop: pass",
        "with make() as (shop, a): pass",
        "for shop in shops: pass",
        "for a, shop in shops: pass",
        "[shop.x for shop in shops]",
        "nonlocal shop",
        "del shop",
        "from a import shop",
        "call(\n    1,\n)\nshop = 2",
    ],
)
def test_a_name_that_is_bound_is_seen(code):
    assert Body(f"\n    {code}\n", 0).binds("shop")


@pytest.mark.parametrize(
    "code",
    [
        "shop.sell()",
        "a = shop",
        "assert shop == 1",
        "call(\n    shop=shop,\n    a=1,\n)",
        "for a in shop.items(): pass",
        "[a for a in shop]",
        "with shop as a: pass",
        "self.shop = 1",
        "shopping = 1",
    ],
)
def test_a_name_that_is_only_used_is_not(code):
    assert not Body(f"\n    {code}\n", 0).binds("shop")
