"""The central part of images in an ONNX graph, bit for bit; test_onnx_export has it
in whole models.
"""

import numpy as np
import pytest

from augmentation.laws import images_of
from handgrad.augmentation import center_crop
from handgrad.interop.onnx_center import add_center_crop
from handgrad.interop.onnx_graph import Graph

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")


@pytest.mark.parametrize("view", [(0.3, 0), (0.875, 0), (1.0, 0), (0.8, 1), (1.0, -2)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_equals_the_crop_of_predictions(dtype, view):
    images = images_of(3).astype(dtype)
    shape, graph = images.shape[1:], Graph()
    is_bytes = dtype == "uint8"
    name = add_center_crop(graph, "images", view, shape, is_bytes=is_bytes)
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    ends = [
        helper.make_tensor_value_info(end, kind, [None, *shape])
        for end in ("images", name)
    ]
    made = helper.make_graph(graph.nodes, "crop", ends[:1], ends[1:], graph.constants)
    model = helper.make_model(made)
    onnx.checker.check_model(model, full_check=True)
    numbers = images.astype(np.float32)
    found = reference.ReferenceEvaluator(model).run(None, {"images": numbers})[0]
    np.testing.assert_array_equal(found, center_crop(images, *view))
