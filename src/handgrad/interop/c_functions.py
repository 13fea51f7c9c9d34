"""The layers for prediction in C99: what `to_c` copies into its files.

Every function reads `inputs` and writes `outputs`, which are different arrays; images
are stored as (channels, height, width).
"""

WINDOWS = """\
/* Windows of kernel_height x kernel_width pixels, dilation_y and dilation_x apart, that
   slide over images of channels x height x width, at rows x columns places. */
typedef struct {
    int channels, height, width, rows, columns;
    int kernel_height, kernel_width, stride_y, stride_x, padding_y, padding_x;
    int dilation_y, dilation_x;
} windows;

/* The index in inputs of row i and column j of window (y, x) of channel c;
   -1 in the padding. */
static int pixel(windows w, int c, int y, int x, int i, int j)
{
    int row = y * w.stride_y + i * w.dilation_y - w.padding_y;
    int column = x * w.stride_x + j * w.dilation_x - w.padding_x;
    if (row < 0 || row >= w.height || column < 0 || column >= w.width)
        return -1;
    return (c * w.height + row) * w.width + column;
}
"""

TYPES = {"uint8": "unsigned char", "float32": "float"}
NORMALIZE = {
    "uint8": """\
/* outputs = (inputs / 255 - mean) / std = inputs * scale + shift, for each channel;
   a flip mirrors the columns */
static void normalize(const unsigned char *inputs, const float *scale,
                      const float *shift, int channels, int rows, int columns,
                      int flip, float *outputs)
{
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < columns; x++) {
                int from = flip ? columns - 1 - x : x;
                *outputs++ = inputs[(c * rows + y) * columns + from] * scale[c]
                             + shift[c];
            }
}
""",
    "float32": """\
/* outputs = (inputs - mean) / std = (inputs + shift) * scale, for each channel;
   a flip mirrors the columns */
static void normalize(const float *inputs, const float *scale,
                      const float *shift, int channels, int rows, int columns,
                      int flip, float *outputs)
{
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < columns; x++) {
                int from = flip ? columns - 1 - x : x;
                *outputs++ = (inputs[(c * rows + y) * columns + from] + shift[c])
                             * scale[c];
            }
}
""",
}

FUNCTIONS = {
    "linear": """\
/* outputs[k] = bias[k] + sum over i of weight[k, i] * inputs[i] */
static void linear(const float *inputs, const float *weight, const float *bias,
                   int in_features, int out_features, float *outputs)
{
    for (int k = 0; k < out_features; k++) {
        float sum = bias[k];
        for (int i = 0; i < in_features; i++)
            sum += weight[k * in_features + i] * inputs[i];
        outputs[k] = sum;
    }
}
""",
    "conv2d": """\
/* outputs[k, y, x] = bias[k] + sum over c, i, j of
   weight[k, c, i, j] * inputs[c, y * stride + i * dilation - padding,
                               x * stride + j * dilation - padding]
   where c goes over the channels of the group of output k */
static void conv2d(const float *inputs, const float *weight, const float *bias,
                   int out_channels, int groups, windows w, float *outputs)
{
    int of_each = w.channels / groups;
    for (int k = 0; k < out_channels; k++) {
        int first = k / (out_channels / groups) * of_each;
        for (int y = 0; y < w.rows; y++)
            for (int x = 0; x < w.columns; x++) {
                const float *next = weight + (long)k * of_each * w.kernel_height
                                    * w.kernel_width;
                float sum = bias[k];
                for (int c = first; c < first + of_each; c++)
                    for (int i = 0; i < w.kernel_height; i++)
                        for (int j = 0; j < w.kernel_width; j++, next++) {
                            int from = pixel(w, c, y, x, i, j);
                            if (from >= 0)
                                sum += *next * inputs[from];
                        }
                *outputs++ = sum;
            }
    }
}
""",
    "max_pool2d": """\
/* outputs[c, y, x] = max over i, j of
   inputs[c, y * stride + i - padding, x * stride + j - padding] */
static void max_pool2d(const float *inputs, windows w, float *outputs)
{
    for (int c = 0; c < w.channels; c++)
        for (int y = 0; y < w.rows; y++)
            for (int x = 0; x < w.columns; x++) {
                float largest = -INFINITY;
                for (int i = 0; i < w.kernel_height; i++)
                    for (int j = 0; j < w.kernel_width; j++) {
                        int from = pixel(w, c, y, x, i, j);
                        if (from >= 0 && inputs[from] > largest)
                            largest = inputs[from];
                    }
                *outputs++ = largest;
            }
}
""",
    "average_pool2d": """\
/* outputs[c, y, x] = mean over i, j of
   inputs[c, y * stride + i - padding, x * stride + j - padding]; padding counts as 0,
   or not at all */
static void average_pool2d(const float *inputs, windows w, int counts_padding,
                           float *outputs)
{
    for (int c = 0; c < w.channels; c++)
        for (int y = 0; y < w.rows; y++)
            for (int x = 0; x < w.columns; x++) {
                float sum = 0;
                int count = 0;
                for (int i = 0; i < w.kernel_height; i++)
                    for (int j = 0; j < w.kernel_width; j++) {
                        int from = pixel(w, c, y, x, i, j);
                        sum += from >= 0 ? inputs[from] : 0;
                        count += from >= 0 || counts_padding;
                    }
                *outputs++ = sum / (float)count;
            }
}
""",
    "global_average_pool2d": """\
/* outputs[c] = mean over the pixels of inputs[c, pixel] */
static void global_average_pool2d(const float *inputs, int channels, int pixels,
                                  float *outputs)
{
    for (int c = 0; c < channels; c++) {
        float sum = 0;
        for (int i = 0; i < pixels; i++)
            sum += inputs[c * pixels + i];
        outputs[c] = sum / (float)pixels;
    }
}
""",
    "batch_norm": """\
/* outputs = weight * (inputs - mean) / sqrt(var + eps) + bias, for each channel */
static void batch_norm(const float *inputs, const float *weight, const float *bias,
                       const float *mean, const float *var, float eps, int channels,
                       int pixels, float *outputs)
{
    for (int c = 0; c < channels; c++)
        for (int i = c * pixels; i < (c + 1) * pixels; i++)
            outputs[i] = weight[c] * (inputs[i] - mean[c]) / sqrtf(var[c] + eps)
                         + bias[c];
}
""",
    "norm_of_rows": """\
/* outputs = weight * (inputs - mean) / sqrt(var + eps) + bias, with the mean and the
   variance of each row; each weight is that of so many pixels */
static void norm_of_rows(const float *inputs, const float *weight, const float *bias,
                         float eps, int rows, int columns, int weights, int pixels,
                         float *outputs)
{
    for (int i = 0; i < rows * columns; i += columns) {
        float mean = 0, var = 0;
        for (int j = i; j < i + columns; j++)
            mean += inputs[j] / (float)columns;
        for (int j = i; j < i + columns; j++)
            var += (inputs[j] - mean) * (inputs[j] - mean) / (float)columns;
        for (int j = i; j < i + columns; j++) {
            int k = j / pixels % weights;
            outputs[j] = weight[k] * (inputs[j] - mean) / sqrtf(var + eps) + bias[k];
        }
    }
}
""",
    "softmax": """\
/* outputs = exp(inputs) / sum of exp(inputs) over each row */
static void softmax(const float *inputs, int rows, int columns, float *outputs)
{
    for (; rows > 0; rows--, inputs += columns, outputs += columns) {
        float largest = inputs[0], sum = 0;
        for (int k = 1; k < columns; k++)
            if (inputs[k] > largest)
                largest = inputs[k];
        for (int k = 0; k < columns; k++)
            sum += outputs[k] = expf(inputs[k] - largest);
        for (int k = 0; k < columns; k++)
            outputs[k] /= sum;
    }
}
""",
    "add": """\
/* outputs = inputs + others */
static void add(const float *inputs, const float *others, int count, float *outputs)
{
    for (int i = 0; i < count; i++)
        outputs[i] = inputs[i] + others[i];
}
""",
    "multiply": """\
/* outputs = inputs * others, of which each is the factor of so many pixels */
static void multiply(const float *inputs, const float *others, int count, int pixels,
                     float *outputs)
{
    for (int i = 0; i < count; i++)
        outputs[i] = inputs[i] * others[i / pixels];
}
""",
    "copy": """\
/* outputs = inputs */
static void copy(const float *inputs, int count, float *outputs)
{
    for (int i = 0; i < count; i++)
        outputs[i] = inputs[i];
}
""",
}

EACH = """\
/* outputs = {equation} */
static void {name}(const float *inputs, {setting}int count,
    float *outputs)
{{
    for (int i = 0; i < count; i++) {{
        float x = inputs[i];
        outputs[i] = {code};
    }}
}}
"""
ACTIVATIONS = {  # name: equation, code; and the declaration of a setting
    "relu": ("max(inputs, 0)", "x < 0 ? 0 : x", ""),
    "leaky_relu": (
        "inputs where inputs > 0, else slope * inputs",
        "x > 0 ? x : slope * x",
        "float slope, ",
    ),
    "relu6": ("min(max(inputs, 0), 6)", "x < 0 ? 0 : x > 6 ? 6 : x", ""),
    "elu": (
        "inputs where inputs > 0, else alpha * (exp(inputs) - 1)",
        "x > 0 ? x : alpha * expm1f(x)",
        "float alpha, ",
    ),
    "hardsigmoid": (
        "min(max(slope * inputs + offset, 0), 1)",
        "fminf(fmaxf(slope * x + offset, 0), 1)",
        "float slope, float offset, ",
    ),
    "hardswish": (
        "inputs * min(max((inputs + 3) / 6, 0), 1)",
        "x * fminf(fmaxf((x + 3) / 6, 0), 1)",
        "",
    ),
    "sigmoid": ("1 / (1 + exp(-inputs))", "1 / (1 + expf(-x))", ""),
    "hyperbolic_tangent": ("tanh(inputs)", "tanhf(x)", ""),
    "silu": ("inputs / (1 + exp(-inputs))", "x / (1 + expf(-x))", ""),
    "gelu": (
        "inputs * (1 + erf(inputs / sqrt(2))) / 2",
        "x * (1 + erff(x * 0.70710678f)) / 2",
        "",
    ),
    "gelu_tanh": (
        "inputs * (1 + tanh(sqrt(2 / pi) * (inputs + 0.044715 * inputs^3))) / 2",
        "x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x))) / 2",
        "",
    ),
}
FUNCTIONS |= {
    name: EACH.format(name=name, equation=equation, code=code, setting=setting)
    for name, (equation, code, setting) in ACTIVATIONS.items()
}
