import tarfile

import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.tar_shards import read_tar_shards
from handgrad.errors import ConfigError, DatasetError

from .makers import image_bytes, put_tar


def members(form, label, count=10):
    """Images with a label file each; `label` makes one from a number."""
    found = {}
    for n in range(count):
        found[form.format(n) + ".png"] = n
        ending, content = label(n)
        found[form.format(n) + ending] = content
    return found


LABELS = {
    "cls": lambda n: (".cls", str(n % 2)),
    "name": lambda n: (".cls", f"{'ab'[n % 2]}\n"),
    "txt": lambda n: (".txt", "ab"[n % 2]),
    "json": lambda n: (".json", f'{{"label": {n % 2}, "width": 3}}'),
    "marked": lambda n: (".txt", f"\ufeff{'ab'[n % 2]}"),
    "marked json": lambda n: (".json", f'\ufeff{{"label": {n % 2}}}'),
    "words": lambda n: (".json", f'{{"class_name": "{"ab"[n % 2]}"}}'),
}


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("form", ["{:04d}", "./deep/{:04d}", "a.{:04d}"])
def test_images_and_label_files(tmp_path, label, mode, form):
    path = tmp_path / ("a.tar.gz" if mode == "w:gz" else "a.tar")
    put_tar(path, members(form, label), mode)
    dataset = load(path)
    assert dataset.class_names in (("0", "1"), ("a", "b"))
    assert (len(dataset.train), len(dataset.test)) == (8, 2)


def test_the_split_is_in_the_name_of_the_shard(tmp_path):
    for n in range(2):
        put_tar(tmp_path / f"set-train-{n:06d}.tar", members("{}", LABELS["cls"]))
    put_tar(tmp_path / "set-test-000000.tar", members("{}", LABELS["cls"], 4))
    dataset = load(tmp_path)
    assert (len(dataset.train), len(dataset.test)) == (20, 4)
    assert load(tmp_path).checksum == dataset.checksum


def test_a_label_up_to_the_first_dot(tmp_path):
    found = {f"{n}.input.png": n for n in range(10)}
    put_tar(tmp_path / "a.tar", found | {f"{n}.cls": str(n % 2) for n in range(10)})
    assert load(tmp_path / "a.tar").classes == 2


def test_a_key_of_json_can_be_chosen(tmp_path):
    label = lambda n: (".json", f'{{"label": 1, "colour": "{"ab"[n % 2]}"}}')  # noqa: E731
    put_tar(tmp_path / "a.tar", members("{}", label))
    assert load(tmp_path / "a.tar", label_from="colour").class_names == ("a", "b")


@pytest.mark.parametrize("beside", [{}, {"1.txt": "a long\ntext"}, {"1.json": "{"}])
def test_an_image_without_a_label_is_named(tmp_path, beside):
    put_tar(tmp_path / "a.tar", {"0.png": 0, "0.cls": "a", "1.png": 1, **beside})
    with pytest.raises(DatasetError, match=r"a\.tar: 1\.png has no label file"):
        load(tmp_path / "a.tar")


def test_a_tar_of_class_folders_is_refused_with_advice(tmp_path):
    put_tar(tmp_path / "a.tar", {"cat/0.png": 0, "dog/1.png": 1})
    with pytest.raises(DatasetError, match="if its folder is its class, unpack"):
        load(tmp_path / "a.tar")


def test_links_are_ignored(tmp_path):
    path = put_tar(tmp_path / "a.tar", members("{}", LABELS["cls"]))
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("99.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert len(read_tar_shards([path], None).rows) == 10


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_damaged_file_is_refused(tmp_path, mode, share):
    path = put_tar(tmp_path / "a.tar", members("{}", LABELS["cls"]), mode)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share) | 1])
    with pytest.raises(DatasetError, match=r"a\.tar"):
        load(path)


def test_a_duplicate_image_is_refused(tmp_path):
    path = put_tar(tmp_path / "a.tar", {"1.png": 1, "1.cls": "a"})
    with tarfile.open(path, "a") as archive:
        archive.add(put_file(tmp_path / "x"), "1.png")
    with pytest.raises(DatasetError, match=r"holds 1\.png twice"):
        load(path)


def put_file(path):
    path.write_bytes(image_bytes())
    return path


@pytest.mark.parametrize(
    ("ending", "content", "label_from", "words"),
    [
        (".json", '{"label": 1, "id": 7}', "zzz", "no label under zzz in .*label, id"),
        (".json", '{"colour": 1, "id": 7}', None, "no label in its .*colour, id"),
        (".json", '{"label": [1], "id": 7}', None, "no label in its .*label, id"),
        (".cls", "1", "zzz", r"no \.json with the key zzz next to it, but \.cls"),
    ],
)
def test_available_keys_are_named(tmp_path, ending, content, label_from, words):
    put_tar(tmp_path / "a.tar", members("{}", lambda _: (ending, content)))
    with pytest.raises(ConfigError, match=rf"0\.png has {words}"):
        load(tmp_path / "a.tar", label_from=label_from)
