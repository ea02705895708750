"""A CMake project: a library of the models, and a program around it."""

from __future__ import annotations

from edgehfn.backends.c.export.program import program
from edgehfn.backends.c.export.project import SMALL_LEVEL, SRC, Files, Project, listed


def files(project: Project) -> Files:
    """For a user's project: ``add_subdirectory`` and ``target_link_libraries``."""
    return {"CMakeLists.txt": _lists(project), "main.c": program(project, about="Classes of inputs that are piped in")}


def sources(project: Project, folder: str = SRC) -> str:
    """The compiled files, one a line."""
    return listed(project.compiled, before=f"{folder}/")


def small(project: Project, folder: str = SRC) -> str:
    """What compiles some of them for few bytes; nothing where there are none."""
    if not project.small:
        return ""
    names = listed(project.small, before=f"{folder}/")
    return f"set_source_files_properties(\n{names}\n    PROPERTIES COMPILE_OPTIONS {SMALL_LEVEL})\n"


def library(project: Project, folder: str = SRC) -> str:
    """The commands that define the library. Assembly is skipped in silence where its language is not enabled."""
    name = project.name
    return f"""\
enable_language(C ASM)
add_library({name} STATIC
{sources(project, folder)})
target_include_directories({name} PUBLIC ${{CMAKE_CURRENT_LIST_DIR}}/{folder})
target_compile_options({name} PRIVATE {project.level} -ffunction-sections -fdata-sections)
set_target_properties({name} PROPERTIES C_STANDARD 99 C_EXTENSIONS ON)
{small(project, folder)}"""


def _lists(project: Project) -> str:
    name = project.name
    return f"""\
# {project.about}. In a project of yours:
#     add_subdirectory(PATH/OF/THIS/FOLDER {name})
#     target_link_libraries(YOUR_PROGRAM PRIVATE {name})
cmake_minimum_required(VERSION 3.16)
project({name} LANGUAGES C ASM)

{library(project)}
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    add_executable({name}_classify main.c)
    target_link_libraries({name}_classify PRIVATE {name})
endif()
"""
