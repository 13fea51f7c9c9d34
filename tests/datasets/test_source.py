from handgrad.datasets.source import File


def test_a_file_as_gzip_has_gz_behind_its_name():
    assert File("images", 1, "").packed == "images.gz"
