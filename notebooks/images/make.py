"""Make the README's pictures anew, from the outputs that are stored in the notebooks.

    .venv/bin/python notebooks/images/make.py

Run it after a notebook of PICTURES was executed anew.
"""

import base64
import io
from pathlib import Path

import nbformat
from PIL import Image

HERE = Path(__file__).resolve().parent
COLOURS = 64  # of the palette: enough for plots, and a third of the bytes
PICTURES = {  # file: notebook, and what the code of the cell that drew it contains
    "word.png": ("01_keyword_spotting", "tk.plots.clip_and_spectrogram("),
    "board.png": ("01_keyword_spotting", "tk.plots.board_run("),
}


def stored_picture(notebook: str, code: str) -> Image.Image:
    """The picture below the first cell of a notebook that contains `code`.

    Raises ValueError when no cell does, or none with a stored picture.
    """
    path = HERE.parent / f"{notebook}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and code in cell.source:
            for output in cell.outputs:
                for kind, data in output.get("data", {}).items():
                    if kind.startswith("image/"):
                        return Image.open(io.BytesIO(base64.b64decode(data)))
    raise ValueError(f"{path.name} stores no picture below a cell with {code!r}")


def main() -> None:
    """Write each picture, and print its size."""
    for name, (notebook, code) in PICTURES.items():
        picture = stored_picture(notebook, code).convert("RGB").quantize(COLOURS)
        picture.save(HERE / name, optimize=True)
        print(f"{name}: {picture.width} x {picture.height}, {(HERE / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
