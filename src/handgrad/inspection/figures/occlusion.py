"""An image, and how much hiding each of its parts lowers a probability."""

import numpy as np
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.charts import SIGNED
from handgrad.inspection.figures.grid import pixels
from handgrad.inspection.figures.style import INK, new_figure, plain, title

SIDE = 3.2  # inches


def occlusion(image: NumpyArray, heat: NumpyArray, name: str) -> Figure:
    """The image beside the mean drop of the probability of class `name`.

    Shapes
        image  (channels, height, width)
        heat   (height, width)
    """
    height, width = heat.shape
    figure = new_figure(2.3 * SIDE, SIDE * min(height / width, 3) + 0.9)
    axes = figure.subplots(1, 2)
    axes[0].imshow(pixels(image))
    most = max(float(np.abs(heat).max()), 1e-12)
    drawn = axes[1].imshow(heat, cmap=SIGNED, vmin=-most, vmax=most)
    for one in axes:
        one.set_xticks([])
        one.set_yticks([])
    bar = figure.colorbar(drawn, ax=axes[1], fraction=0.046)
    bar.ax.tick_params(labelcolor=INK)
    title(axes[0], "Image")
    title(axes[1], "Drop of the probability", f"of {plain(name)}, if hidden")
    return figure
