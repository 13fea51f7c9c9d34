"""Settings of layers with sliding windows: convolution and pooling.

Private to this package.
"""

from typing import Any

from handgrad.arrays import Padding, Pair
from handgrad.errors import ConfigError
from handgrad.layers.sliding_windows import (
    Windows,
    read_padding,
    read_pair,
    show_pair,
)
from handgrad.ranges import check_bool


class Windowed:
    """Kernel size, stride, padding and so on of a layer with sliding windows."""

    windows: Windows
    is_pooling = False

    @property
    def kernel_size(self) -> Pair:
        """Height and width of a window, in pixels."""
        return self.windows.kernel_size

    @kernel_size.setter
    def kernel_size(self, value: int | Pair) -> None:
        self._change(kernel_size=value)

    @property
    def stride(self) -> Pair:
        """Distance between neighbouring windows, down and to the right, in pixels."""
        return self.windows.stride

    @stride.setter
    def stride(self, value: int | Pair) -> None:
        self._change(stride=value)

    @property
    def padding(self) -> Any:
        """Padding above and below, and padding left and right, in pixels.

        Two numbers; or two pairs (top, bottom) and (left, right) if opposite sides
        differ.
        """
        return self.windows.padding

    @padding.setter
    def padding(self, value: Padding) -> None:
        self._change(padding=value)

    def _change(self, **settings: Any) -> None:
        self.windows = self._read_windows(**{**vars(self.windows), **settings})

    def _read_windows(
        self,
        kernel_size: int | Pair,
        stride: int | Pair,
        padding: Padding,
        dilation: int | Pair = 1,
        ceil_mode: bool = False,
    ) -> Windows:
        """Return windows with these settings; ConfigError if a setting is invalid."""
        owner = type(self).__name__
        check_bool(owner, "ceil_mode", ceil_mode)
        windows = Windows(
            read_pair(owner, "kernel_size", kernel_size, least=1),
            read_pair(owner, "stride", stride, least=1),
            read_padding(owner, padding),
            read_pair(owner, "dilation", dilation, least=1),
            ceil_mode,
        )
        if self.is_pooling:
            check_border(owner, windows)
        return windows

    def _shown(self) -> str:
        """Kernel size, stride and padding, and the others that are set, for a repr."""
        windows = self.windows
        text = (
            f"{show_pair(windows.kernel_size)}, stride={show_pair(windows.stride)}, "
            f"padding={show_pair(windows.padding)}"
        )
        if windows.dilation != (1, 1):
            text += f", dilation={show_pair(windows.dilation)}"
        return f"{text}, ceil_mode=True" if windows.ceil_mode else text


class Pooled(Windowed):
    """Settings of a pooling layer."""

    is_pooling = True

    @property
    def ceil_mode(self) -> bool:
        """Whether the number of windows is rounded up."""
        return self.windows.ceil_mode

    @ceil_mode.setter
    def ceil_mode(self, value: bool) -> None:
        self._change(ceil_mode=value)


def check_border(owner: str, windows: Windows) -> None:
    """Raise ConfigError if a window could lie entirely in the padding."""
    for borders, kernel in zip(windows.borders, windows.kernel_size, strict=True):
        border = max(borders)
        if 2 * border > kernel:
            raise ConfigError(
                f"{owner} takes padding of at most half its kernel_size {kernel}, "
                f"got {border}. Otherwise a window could contain padding only: "
                f"give {kernel // 2} or less."
            )
