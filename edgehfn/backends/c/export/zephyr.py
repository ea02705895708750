"""A module of Zephyr with a Kconfig symbol for each library, and a sample."""

from __future__ import annotations

from edgehfn.backends.c.export import cmake
from edgehfn.backends.c.export.program import program
from edgehfn.backends.c.export.project import SRC, Files, Project

READ = """\
static int read_bytes(void *to, size_t size) {
    uint8_t *at = to;
    for (size_t i = 0; i < size; i++) {
        at[i] = console_getchar();
    }
    return 1;
}"""
SHOW = """\
static void show(const char *text) {
    printk("%s\\n", text);
}"""
ENTRY = """\
int main(void) {
    console_init();
    return classify();
}"""
SAMPLE = "samples/classify"


def files(project: Project) -> Files:
    """For a user's application: ``ZEPHYR_EXTRA_MODULES`` and one line of ``prj.conf``."""
    name, up = project.name, project.up
    includes = ("<zephyr/kernel.h>", "<zephyr/console/console.h>")
    about = "Classes of inputs that come over the console, as raw bytes"
    return {
        "zephyr/module.yml": f"name: {name}\nbuild:\n  cmake: zephyr\n  kconfig: zephyr/Kconfig\n",
        "zephyr/Kconfig": f"""\
config {up}
    bool "{name}, neural networks by EdgeHFN"
    help
      {project.about}.
""",
        "zephyr/CMakeLists.txt": _lists(project),
        f"{SAMPLE}/CMakeLists.txt": f"""\
# west build -b BOARD {SAMPLE}
cmake_minimum_required(VERSION 3.20.0)
list(APPEND ZEPHYR_EXTRA_MODULES ${{CMAKE_CURRENT_SOURCE_DIR}}/../..)
find_package(Zephyr REQUIRED HINTS $ENV{{ZEPHYR_BASE}})
project({name}_classify)
target_sources(app PRIVATE src/main.c)
""",
        f"{SAMPLE}/prj.conf": f"CONFIG_{up}=y\nCONFIG_CONSOLE_SUBSYS=y\nCONFIG_CONSOLE_GETCHAR=y\n",
        f"{SAMPLE}/src/main.c": program(project, about=about, includes=includes, read=READ, show=SHOW, entry=ENTRY),
    }


def _lists(project: Project) -> str:
    folder = f"../{SRC}"
    return f"""\
# In an application of yours: ZEPHYR_EXTRA_MODULES names this module, and prj.conf has CONFIG_{project.up}=y.
if(CONFIG_{project.up})
    zephyr_include_directories({folder})
    zephyr_library_named({project.name})
    zephyr_library_sources(
{cmake.sources(project, folder)})
    zephyr_library_compile_options({project.level})
{cmake.small(project, folder)}endif()
"""
