"""Fashion-MNIST: 70,000 images of clothing, in the format of MNIST.

Source
    Xiao, Rasul, Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms.
"""

from handgrad.datasets.mnist import idx_files, read_idx_files
from handgrad.datasets.source import Source

CLASS_NAMES = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt"),
    *("sneaker", "bag", "ankle boot"),
)
FASHION_MNIST = Source(
    name="fashion_mnist",
    description="70,000 pieces of clothing, 28 x 28, grey",
    train_shape=(60_000, 1, 28, 28),
    class_names=CLASS_NAMES,
    read=read_idx_files,
    checksum="ece172613115fb18b120bec8f6c02271af90b8b8f0a5af5c51cbd5ceed68e619",
    files=idx_files(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    folders=("fashion_mnist", "fashion-mnist", "FashionMNIST/raw", "FashionMNIST"),
)
