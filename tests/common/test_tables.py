"""The one table: aligned text, HTML in a notebook."""

from tinykit.common.tables import Table

TABLE = Table(
    [("conv", "1,200"), ("a<b>", "7")],
    header=("layer", "MACs"),
    title="two layers",
    footer=["* estimated"],
    right=(1,),
    indent=2,
)


def test_columns_are_as_wide_as_their_widest_cell_and_numbers_stand_right():
    assert str(TABLE).splitlines() == [
        "two layers",
        "  layer   MACs",
        "  conv   1,200",
        "  a<b>       7",
        "  * estimated",
    ]
    assert repr(TABLE) == str(TABLE)


def test_a_notebook_shows_the_same_cells_and_nothing_a_label_says_is_html():
    page = TABLE._repr_html_()
    assert page.count("<tr>") == 3 and page.count("<th") - page.count("<thead") == 2
    assert "a&lt;b&gt;" in page and "<b>two layers</b>" in page and "* estimated" in page
    assert page.count("text-align: right") == 3, "the numbers, and the name above them"


def test_a_table_needs_neither_names_nor_title():
    assert str(Table([("yes", "12")])) == "yes  12"
    assert "<th" not in Table([("yes", "12")])._repr_html_()
