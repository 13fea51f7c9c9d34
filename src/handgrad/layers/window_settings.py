"""Settings of layers with sliding windows: convolution and pooling.

Private to this package.
"""

from handgrad.arrays import Pair
from handgrad.errors import ConfigError
from handgrad.layers.sliding_windows import Windows, read_pair


class Windowed:
    """Kernel size, stride and padding of a layer with sliding windows."""

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
        """Distance between neighbouring windows, down and to the right, in pixels."""
        return self.windows.stride

    @stride.setter
    def stride(self, value: int | Pair) -> None:
        self.windows = self._read_windows(self.kernel_size, value, self.padding)

    @property
    def padding(self) -> Pair:
        """Padding above and below, and padding left and right, in pixels."""
        return self.windows.padding

    @padding.setter
    def padding(self, value: int | Pair) -> None:
        self.windows = self._read_windows(self.kernel_size, self.stride, value)

    def _read_windows(
        self, kernel_size: int | Pair, stride: int | Pair, padding: int | Pair
    ) -> Windows:
        """Return windows with these settings; ConfigError if a setting is invalid."""
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
    """Raise ConfigError if a window could lie entirely in the padding."""
    for border, kernel in zip(windows.padding, windows.kernel_size, strict=True):
        if 2 * border > kernel:
            raise ConfigError(
                f"{owner} takes padding of at most half its kernel_size {kernel}, "
                f"got {border}. Otherwise a window could contain padding only: "
                f"give {kernel // 2} or less."
            )
