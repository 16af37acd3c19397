"""Lists all sales units, then makes a call that fails. Takes the keys from the environment.

    python3 sales_units.py vipps.h libvipps.so

Requires cffi, and a C preprocessor for the header.
"""
import json
import subprocess
import sys

from cffi import FFI

header, library = sys.argv[1:]
ffi = FFI()
preprocess = ["cc", "-E", "-P", "-std=c99", "-DVIPPS_NO_INCLUDES", header]
ffi.cdef(subprocess.run(preprocess, check=True, capture_output=True, text=True).stdout)
vipps = ffi.dlopen(library)


def text(get, handle):
    out = ffi.new("const char **")
    get(handle, out)
    return ffi.string(out[0]).decode()


def call(function, *arguments, out="vipps_string **"):
    result, error = ffi.new(out), ffi.new("vipps_error **")
    if function(*arguments, result, error) != vipps.VIPPS_OK:
        error = ffi.gc(error[0], vipps.vipps_error_free)
        raise RuntimeError(json.loads(text(vipps.vipps_error_json, error)))
    if out != "vipps_string **":
        return ffi.gc(result[0], vipps.vipps_session_free)
    return json.loads(text(vipps.vipps_string_text, ffi.gc(result[0], vipps.vipps_string_free)))


config = json.dumps({"system": {"name": "acme", "version": "3.1.2"}}).encode()
session = call(vipps.vipps_session_from_env, config, ffi.NULL, out="vipps_session **")
for unit in call(vipps.vipps_list_sales_units, session):
    print(unit["msn"], unit["name"])
try:
    call(vipps.vipps_get_sales_unit, session, b"999999")
except RuntimeError as error:
    problem = error.args[0]
    print(problem["kind"], problem["http_status"], problem["delivery"], problem["path"])
