"""The settings of a layer that steps over images: convolution and pooling.

Private to the layers.
"""

from handgrad.arrays import Pair
from handgrad.errors import ConfigError
from handgrad.layers.windows import Windows, read_pair


class Windowed:
    """What a layer that steps over images has: windows, and their three settings."""

    windows: Windows
    is_pooling = False

    @property
    def kernel_size(self) -> Pair:
        """Height and width of a window, in pixels."""
        return self.windows.kernel_size

    @kernel_size.setter
    def kernel_size(self, value: int | Pair) -> None:
        self.windows = self._read_windows(value, self.stride, self.padding)

    @property
    def stride(self) -> Pair:
        """How far a window is from the next, down and to the right, in pixels."""
        return self.windows.stride

    @stride.setter
    def stride(self, value: int | Pair) -> None:
        self.windows = self._read_windows(self.kernel_size, value, self.padding)

    @property
    def padding(self) -> Pair:
        """The border above and below, and the one left and right, in pixels."""
        return self.windows.padding

    @padding.setter
    def padding(self, value: int | Pair) -> None:
        self.windows = self._read_windows(self.kernel_size, self.stride, value)

    def _read_windows(
        self, kernel_size: int | Pair, stride: int | Pair, padding: int | Pair
    ) -> Windows:
        """The windows of these settings; ConfigError if they cannot be."""
        owner = type(self).__name__
        windows = Windows(
            read_pair(owner, "kernel_size", kernel_size, least=1),
            read_pair(owner, "stride", stride, least=1),
            read_pair(owner, "padding", padding, least=0),
        )
        if self.is_pooling:
            check_border(owner, windows)
        return windows


def check_border(owner: str, windows: Windows) -> None:
    """ConfigError if a window may lie in the border with no pixel to pool."""
    for border, kernel in zip(windows.padding, windows.kernel_size, strict=True):
        if 2 * border > kernel:
            raise ConfigError(
                f"{owner} takes padding of at most half its kernel_size {kernel}, "
                f"got {border}. A larger border makes windows without any pixel: "
                f"give {kernel // 2} or less."
            )
