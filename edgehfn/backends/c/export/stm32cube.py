"""A middleware of STM32Cube: parts for the makefile and the CMake project that CubeMX writes, and an application."""

from __future__ import annotations

from edgehfn.backends.c.export import cmake, makefile
from edgehfn.backends.c.export.program import program
from edgehfn.backends.c.export.project import SRC, Files, Project


def files(project: Project) -> Files:
    """For a user's project: two lines of CMake, or one of its makefile, and the call of the application."""
    name, up = project.name, project.up
    read = f"""\
static int read_bytes(void *to, size_t size) {{
    return HAL_UART_Receive(&{up}_UART, to, (uint16_t)size, HAL_MAX_DELAY) == HAL_OK;
}}"""
    show = f"""\
static void show(const char *text) {{
    HAL_UART_Transmit(&{up}_UART, (const uint8_t *)text, (uint16_t)strlen(text), HAL_MAX_DELAY);
    HAL_UART_Transmit(&{up}_UART, (const uint8_t *)"\\r\\n", 2, HAL_MAX_DELAY);
}}"""
    entry = f"""\
int {name}_app(void) {{
    return classify();
}}"""
    includes = ("<string.h>", '"main.h"', f'"{name}_app.h"')
    app = program(
        project,
        about="Classes of inputs that come over a UART, as raw bytes",
        includes=includes,
        read=f"#ifndef {up}_UART\n#define {up}_UART huart2 /* that of the ST-Link on most Nucleo boards */\n#endif\n"
        f"extern UART_HandleTypeDef {up}_UART;\n\n{read}",
        show=show,
        entry=entry,
    )
    return {
        "CMakeLists.txt": _lists(project),
        f"{name}.mk": _part(project),
        f"app/{name}_app.c": app,
        f"app/{name}_app.h": f"""\
/* Call it in main.c behind what MX_USARTx_UART_Init sets up; 1 if a model is not what was compiled. */
#ifndef {up}_APP_H
#define {up}_APP_H

int {name}_app(void);

#endif
""",
    }


def _lists(project: Project) -> str:
    name = project.name
    return f"""\
# In the CMakeLists.txt that CubeMX wrote:
#     add_subdirectory(Middlewares/{name})
#     target_link_libraries(${{CMAKE_PROJECT_NAME}} {name})
{cmake.library(project)}target_sources({name} INTERFACE ${{CMAKE_CURRENT_LIST_DIR}}/app/{name}_app.c)
target_include_directories({name} INTERFACE ${{CMAKE_CURRENT_LIST_DIR}}/app)
"""


def _part(project: Project) -> str:
    up = project.up
    return f"""\
# In the makefile that CubeMX wrote, behind its lists of sources (which must have ASMM_SOURCES, for *.S):
#     include Middlewares/{project.name}/{project.name}.mk
{up}_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
C_SOURCES += \\
    {makefile.sources(project, ".c")} \\
    $({up}_DIR)app/{project.name}_app.c
ASMM_SOURCES += {makefile.sources(project, ".S")}
C_INCLUDES += -I$({up}_DIR){SRC} -I$({up}_DIR)app
AS_INCLUDES += -I$({up}_DIR){SRC}
"""
