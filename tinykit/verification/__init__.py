"""The host check: the model under TensorFlow Lite Micro, sample by sample, before it is flashed.

Taught in notebook 01. TFLM (`tflite_micro`) runs beside TensorFlow Lite's reference kernels, each
in a worker process, and every byte of every output is compared.
"""

from tinykit.quantization.tflite.check import check as check_model
from tinykit.verification.host import verify
from tinykit.verification.model_file import verify_file
from tinykit.verification.report import BoardCheck, OutputCheck, Report

__all__ = ["BoardCheck", "OutputCheck", "Report", "check_model", "verify", "verify_file"]
