"""A project of the Pico SDK: a library of the models, and a program around it."""

from __future__ import annotations

from edgehfn.backends.c.export import cmake
from edgehfn.backends.c.export.program import STDIO_SHOW, program
from edgehfn.backends.c.export.project import Files, Project

READ = """\
static int read_bytes(void *to, size_t size) {
    uint8_t *at = to;
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)getchar();
    }
    return 1;
}"""
ENTRY = """\
int main(void) {
    stdio_init_all();
    return classify();
}"""


def files(project: Project) -> Files:
    """For a user's project: ``add_subdirectory`` and ``target_link_libraries``."""
    includes = ("<stdio.h>", '"pico/stdlib.h"')
    about = "Classes of inputs that come over USB, as raw bytes"
    return {
        "CMakeLists.txt": _lists(project),
        "main.c": program(project, about=about, includes=includes, read=READ, show=STDIO_SHOW, entry=ENTRY),
    }


def _lists(project: Project) -> str:
    name = project.name
    return f"""\
# With PICO_SDK_PATH in the environment: cmake -B build -DPICO_BOARD=pico && cmake --build build. In a project of yours:
#     add_subdirectory(PATH/OF/THIS/FOLDER {name})
#     target_link_libraries(YOUR_PROGRAM {name})
cmake_minimum_required(VERSION 3.16)
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    include($ENV{{PICO_SDK_PATH}}/external/pico_sdk_import.cmake)
endif()
project({name} LANGUAGES C CXX ASM)
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    pico_sdk_init()
endif()

{cmake.library(project)}
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    add_executable({name}_classify main.c)
    target_link_libraries({name}_classify {name} pico_stdlib)
    pico_enable_stdio_usb({name}_classify 1)
    pico_add_extra_outputs({name}_classify)
endif()
"""
