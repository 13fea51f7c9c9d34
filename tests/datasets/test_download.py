import gzip
import io
import os
import tarfile
import time
from dataclasses import replace
from hashlib import sha256

import pytest

from handgrad.datasets.download import content_sha256, fetch_files, is_right
from handgrad.errors import DatasetError, ResourceError

from .mirrors import closed_address, file_of, mirror, packed, source_of

CONTENTS = {"images": bytes(range(256)) * 300, "labels": b"\x00\x01" * 150}
IMAGES = packed(CONTENTS)["images.gz"]
PAGE = b"<!doctype html><html><body>Sign in to go on</body></html>"


def names_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_fetches_checks_and_keeps_every_file(tmp_path):
    folder = tmp_path / "new" / "small"
    with mirror(packed(CONTENTS)) as (address, asked):
        assert fetch_files(source_of(CONTENTS, [address]), folder) == folder
        assert asked == ["images.gz", "labels.gz"]
    assert names_in(folder) == ["images.gz", "labels.gz"]
    for name, content in CONTENTS.items():
        assert gzip.decompress((folder / f"{name}.gz").read_bytes()) == content


BAD = {
    "not found": 404,
    "server error": 500,
    "page": PAGE,
    "nothing": b"",
    "half": ("short", IMAGES),
    "cut off": IMAGES[:-20],
    "changed": IMAGES[:100] + b"\xff" + IMAGES[101:],
    "junk after": IMAGES + b"junk",
    "other content": gzip.compress(CONTENTS["images"][::-1]),
    "more content": gzip.compress(CONTENTS["images"] + b"x"),
    "bomb": gzip.compress(bytes(50_000_000)),
    "endless": os.urandom(1_000_000),
    "packed twice": gzip.compress(IMAGES),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_after_a_bad_mirror_the_next_is_tried(tmp_path, answer):
    bad = {**packed(CONTENTS), "images.gz": answer}
    with mirror(bad) as (first, _), mirror(packed(CONTENTS)) as (second, asked):
        fetch_files(source_of(CONTENTS, [first, second]), tmp_path)
    assert asked == ["images.gz"]  # the labels are from the first mirror
    assert names_in(tmp_path) == ["images.gz", "labels.gz"]
    assert gzip.decompress((tmp_path / "images.gz").read_bytes()) == CONTENTS["images"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (404, "answers 404 Not Found"),
        (503, "answers 503"),
        (PAGE, "SHA-256 mismatch"),
        (("short", IMAGES), "connection broke"),
        (IMAGES[:-20], "a damaged gzip"),
        (os.urandom(1_000_000), "more bytes than the file has"),
        (gzip.compress(bytes(10_000_000), mtime=0), "unpacks to more bytes than"),
    ],
)
def test_the_error_lists_why_every_mirror_failed(tmp_path, answer, reason):
    down = closed_address()
    with mirror({"images.gz": answer}) as (address, _):
        source = source_of(CONTENTS, [address, down])
        with pytest.raises(DatasetError) as caught:
            fetch_files(source, tmp_path / "small")
    words = str(caught.value)
    assert words.startswith("images.gz of small could not be downloaded (127.0.0.1:")
    assert reason in words
    assert "it cannot be reached" in words
    assert words.endswith(f"or put the file into {tmp_path / 'small'} yourself.")
    assert "\n" not in words
    assert names_in(tmp_path) == []


def test_an_old_file_is_kept_until_the_new_one_is_verified(tmp_path):
    (tmp_path / "images.gz").write_bytes(b"damaged")
    source = source_of(CONTENTS, [closed_address()])
    with pytest.raises(DatasetError):
        fetch_files(source, tmp_path)
    assert (tmp_path / "images.gz").read_bytes() == b"damaged"
    with mirror(packed(CONTENTS)) as (address, _):
        fetch_files(replace(source, mirrors=(address,)), tmp_path)
    assert (tmp_path / "images.gz").read_bytes() == IMAGES


def test_existing_correct_files_are_not_downloaded_again(tmp_path):
    (tmp_path / "images").write_bytes(CONTENTS["images"])
    with mirror(packed(CONTENTS)) as (address, asked):
        fetch_files(source_of(CONTENTS, [address]), tmp_path)
        assert asked == ["labels.gz"]
    assert names_in(tmp_path) == ["images", "labels.gz"]


def test_a_mirror_that_sends_unpacked_content_is_accepted(tmp_path):
    answers = {name: ("encoded", content) for name, content in packed(CONTENTS).items()}
    with mirror(answers) as (address, _):
        fetch_files(source_of(CONTENTS, [address]), tmp_path)
    assert names_in(tmp_path) == ["images", "labels"]
    assert (tmp_path / "images").read_bytes() == CONTENTS["images"]


def test_progress_counts_the_bytes(tmp_path):
    told = []
    with mirror(packed(CONTENTS)) as (address, _):
        fetch_files(
            source_of(CONTENTS, [address]), tmp_path, lambda *words: told.append(words)
        )
    assert told[-1][0] == "downloading labels.gz"
    size = len(packed(CONTENTS)["labels.gz"])
    assert told[-1][1:] == (size, size)
    assert ("downloading images.gz", len(IMAGES), len(IMAGES)) in told


def test_old_temporary_files_are_removed(tmp_path):
    old, young = tmp_path / ".tmp-1-old", tmp_path / ".tmp-2-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    with mirror(packed(CONTENTS)) as (address, _):
        fetch_files(source_of(CONTENTS, [address]), tmp_path)
    assert names_in(tmp_path) == [".tmp-2-young", "images.gz", "labels.gz"]


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    source = source_of(CONTENTS, [closed_address()])
    with pytest.raises(ResourceError, match=r"file.* cannot be written"):
        fetch_files(source, tmp_path / "file" / "small")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_not_reported_as_a_mirror_failure(tmp_path, monkeypatch):
    from handgrad.datasets import download

    receiver = download.Receiver
    with (
        open("/dev/full", "wb", buffering=0) as full,
        mirror(packed(CONTENTS)) as (address, _),
    ):
        monkeypatch.setattr(
            download, "Receiver", lambda file, *words: receiver(full, *words)
        )
        with pytest.raises(ResourceError, match="No space left on device"):
            fetch_files(source_of(CONTENTS, [address]), tmp_path)
    assert names_in(tmp_path) == []


def archive_of(members):
    """A tar.gz of these members: name to content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return stream.getvalue()


def test_an_archive_is_checked_and_only_its_known_files_are_kept(tmp_path):
    members = {f"small/{name}": content for name, content in CONTENTS.items()}
    content = archive_of({"../evil": b"x", "small/readme": b"y", **members})
    with mirror({"all.tar.gz": content}) as (address, _):
        source = source_of(CONTENTS, [address], archive=file_of("all.tar.gz", content))
        folder = fetch_files(source, tmp_path / "here")
    assert folder == tmp_path / "here" / "small"
    assert names_in(tmp_path) == sorted(CONTENTS)
    for name, expected in CONTENTS.items():
        assert (folder / name).read_bytes() == expected


def test_an_archive_is_extracted_to_the_first_folder_name(tmp_path):
    content = archive_of({f"one/{name}": value for name, value in CONTENTS.items()})
    known = file_of("all.tar.gz", content)
    with mirror({"all.tar.gz": content}) as (address, _):
        source = source_of(
            CONTENTS, [address], archive=known, folders=("one", "two", "three")
        )
        assert fetch_files(source, tmp_path) == tmp_path / "one"
    assert names_in(tmp_path) == sorted(CONTENTS)


def test_another_archive_is_refused(tmp_path):
    content = archive_of({f"small/{name}": value for name, value in CONTENTS.items()})
    known = file_of("all.tar.gz", content)
    with (
        mirror({"all.tar.gz": content[:-1] + b"x"}) as (address, _),
        pytest.raises(DatasetError, match="SHA-256 mismatch"),
    ):
        fetch_files(source_of(CONTENTS, [address], archive=known), tmp_path)
    assert names_in(tmp_path) == []


def test_the_checksum_is_that_of_the_unpacked_content(tmp_path):
    path = tmp_path / "file"
    expected = sha256(CONTENTS["images"]).hexdigest()
    for content in (CONTENTS["images"], IMAGES):
        path.write_bytes(content)
        assert content_sha256(path, len(CONTENTS["images"])) == expected
        with pytest.raises(DatasetError, match="unpacks to more"):
            content_sha256(path, len(CONTENTS["images"]) - 1)


def test_is_right_never_raises(tmp_path):
    known = file_of("images", CONTENTS["images"])
    path = tmp_path / "images.gz"
    assert not is_right(path, known)
    for content, expected in [(IMAGES, True), (IMAGES[:50], False), (PAGE, False)]:
        path.write_bytes(content)
        assert is_right(path, known) == expected


@pytest.mark.parametrize("other", ["0" * 64, "f" * 64])
def test_the_checksum_must_match_exactly(tmp_path, other):
    (tmp_path / "file").write_bytes(b"content")
    right = file_of("file", b"content")
    assert is_right(tmp_path / "file", right)
    assert not is_right(tmp_path / "file", replace(right, sha256=other))


def test_unpacked_content_gets_the_unpacked_name(tmp_path):
    contents = {"images": b"\xff\xff and more"}
    answers = {f"{name}.gz": content for name, content in contents.items()}
    with mirror(answers) as (address, _):
        fetch_files(source_of(contents, [address]), tmp_path)
    assert names_in(tmp_path) == ["images"]


@pytest.mark.parametrize(
    ("surplus", "reason"),
    [(0, "unpacks to more bytes than"), (1, "it sends more bytes than the")],
)
def test_compression_may_add_a_sixteenth_and_64_kib_at_most(tmp_path, surplus, reason):
    size = 32_000
    most = size + size // 16 + 65_536
    with mirror({"images.gz": bytes(most + surplus)}) as (address, _):
        source = source_of({"images": bytes(size)}, [address])
        with pytest.raises(DatasetError, match=reason):
            fetch_files(source, tmp_path)


def test_a_failed_download_leaves_no_new_folder(tmp_path):
    source = source_of(CONTENTS, [closed_address()])
    for folder in (tmp_path / "new" / "small", tmp_path):
        with pytest.raises(DatasetError):
            fetch_files(source, folder)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "own").mkdir()
    with pytest.raises(DatasetError):
        fetch_files(source, tmp_path / "own")
    assert (tmp_path / "own").is_dir()
