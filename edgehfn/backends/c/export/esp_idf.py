"""A component of ESP-IDF and an example, which is a project of it."""

from __future__ import annotations

from edgehfn.backends.c.export import cmake
from edgehfn.backends.c.export.program import STDIO_SHOW, program
from edgehfn.backends.c.export.project import SRC, Files, Project

READ = """\
static int read_bytes(void *to, size_t size) {
    uint8_t *at = to;
    for (size_t i = 0; i < size; i++) {
        int byte;
        while ((byte = getchar()) == EOF) { /* the console's driver does not wait */
            vTaskDelay(1);
        }
        at[i] = (uint8_t)byte;
    }
    return 1;
}"""
ENTRY = """\
void app_main(void) {
    classify();
}"""
EXAMPLE = "examples/classify"


def files(project: Project) -> Files:
    """For a user's project: the folder under ``components``, and its name in ``REQUIRES``."""
    name = project.name
    includes = ("<stdio.h>", '"freertos/FreeRTOS.h"', '"freertos/task.h"')
    about = "Classes of inputs that come over the console, as raw bytes"
    return {
        "idf_component.yml": f"""\
version: "{project.version}"
description: "{project.about}."
license: "Apache-2.0"
dependencies:
  idf: ">=5.0"
""",
        "CMakeLists.txt": f"""\
# In a project of yours: this folder under components, and REQUIRES {name} in main/CMakeLists.txt.
idf_component_register(SRCS
{cmake.sources(project)}
    INCLUDE_DIRS {SRC})
target_compile_options(${{COMPONENT_LIB}} PRIVATE {project.level})
{cmake.small(project)}""",
        f"{EXAMPLE}/CMakeLists.txt": f"""\
cmake_minimum_required(VERSION 3.16)
include($ENV{{IDF_PATH}}/tools/cmake/project.cmake)
project({name}_classify)
""",
        f"{EXAMPLE}/main/CMakeLists.txt": f"idf_component_register(SRCS main.c REQUIRES {name})\n",
        f"{EXAMPLE}/main/idf_component.yml": f"""\
dependencies:
  {name}:
    version: "*"
    override_path: "../../.."
""",
        f"{EXAMPLE}/main/main.c": program(
            project, about=about, includes=includes, read=READ, show=STDIO_SHOW, entry=ENTRY
        ),
    }
