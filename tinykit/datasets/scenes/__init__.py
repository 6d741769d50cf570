"""Long recordings put together from a data set's clips, takes or pictures."""
