"""Stand-ins for kits that are not at hand: what their build files and headers give to a project."""

from __future__ import annotations

ARDUINO = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
struct Line {
    void begin(long) {}
    void setTimeout(long) {}
    size_t readBytes(char *to, size_t size) {
        size_t got = fread(to, 1, size, stdin);
        if (got == 0) exit(0);
        return got;
    }
    void println(const char *text) { puts(text); }
};
static Line Serial;
"""

ZEPHYR = """
function(zephyr_include_directories)
    foreach(one ${ARGN})
        get_filename_component(whole ${one} ABSOLUTE)
        target_include_directories(zephyr_interface INTERFACE ${whole})
    endforeach()
endfunction()
macro(zephyr_library_named name)
    set(ZEPHYR_CURRENT_LIBRARY ${name})
    add_library(${name} STATIC "")
    target_link_libraries(${name} PUBLIC zephyr_interface)
    set_property(GLOBAL APPEND PROPERTY ZEPHYR_LIBS ${name})
endmacro()
function(zephyr_library_sources)
    foreach(one ${ARGN})
        get_filename_component(whole ${one} ABSOLUTE)
        target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${whole})
    endforeach()
endfunction()
function(zephyr_library_compile_options)
    target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
"""

ZEPHYR_PACKAGE = """
include(${CMAKE_CURRENT_LIST_DIR}/stubs.cmake)
enable_language(C ASM)
add_library(zephyr_interface INTERFACE)
target_include_directories(zephyr_interface INTERFACE ${CMAKE_CURRENT_LIST_DIR}/include)
file(STRINGS ${CMAKE_SOURCE_DIR}/prj.conf options)
foreach(option ${options})
    string(REPLACE "=" ";" option ${option})
    set(${option})
endforeach()
foreach(module ${ZEPHYR_EXTRA_MODULES})
    add_subdirectory(${module}/zephyr module)
endforeach()
get_property(libraries GLOBAL PROPERTY ZEPHYR_LIBS)
file(WRITE ${CMAKE_BINARY_DIR}/empty.c "")
add_executable(app ${CMAKE_BINARY_DIR}/empty.c)
target_link_libraries(app ${libraries} zephyr_interface)
"""

ZEPHYR_HEADERS = {
    "include/zephyr/kernel.h": "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n#define printk printf\n",
    "include/zephyr/console/console.h": "#include <stdlib.h>\nstatic inline void console_init(void) {}\n"
    "static inline uint8_t console_getchar(void) { int c = getchar(); if (c == EOF) exit(0); return (uint8_t)c; }\n",
}

IDF = """
set(components ${CMAKE_SOURCE_DIR}/../.. ${CMAKE_SOURCE_DIR}/main)
function(idf_component_register)
    cmake_parse_arguments(ARG "" "" "SRCS;INCLUDE_DIRS;REQUIRES" ${ARGN})
    get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    if(folder STREQUAL "out")
        set(folder kws)
    endif()
    add_library(${folder} STATIC ${ARG_SRCS})
    set(COMPONENT_LIB ${folder} PARENT_SCOPE)
    target_include_directories(${folder} PUBLIC ${IDF_STUB}/include ${ARG_INCLUDE_DIRS})
    target_link_libraries(${folder} PUBLIC ${ARG_REQUIRES})
endfunction()
macro(project name)
    _project(${name} C ASM)
    set(IDF_STUB $ENV{IDF_PATH})
    add_subdirectory(../.. component)
    add_subdirectory(main main)
    add_executable(app $ENV{IDF_PATH}/start.c)
    target_link_libraries(app main)
endmacro()
"""

IDF_FILES = {
    "tools/cmake/project.cmake": IDF,
    "start.c": "void app_main(void);\nint main(void) { app_main(); return 0; }\n",
    "include/freertos/FreeRTOS.h": "#include <stddef.h>\n#include <stdint.h>\n",
    "include/freertos/task.h": "#include <stdlib.h>\nstatic inline void vTaskDelay(int n) { (void)n; exit(0); }\n",
}

PICO = """
function(pico_sdk_init)
    add_library(pico_stdlib INTERFACE)
    target_include_directories(pico_stdlib INTERFACE $ENV{PICO_SDK_PATH}/include)
endfunction()
function(pico_enable_stdio_usb)
endfunction()
function(pico_add_extra_outputs)
endfunction()
"""

HAL = """
#include <stdint.h>
#include <stdio.h>
typedef struct { int x; } UART_HandleTypeDef;
enum { HAL_OK };
#define HAL_MAX_DELAY 0xFFFFFFFFu
static inline int HAL_UART_Receive(UART_HandleTypeDef *uart, void *to, uint16_t size, uint32_t wait) {
    (void)uart, (void)wait;
    return fread(to, 1, size, stdin) == size ? HAL_OK : 1;
}
static inline void HAL_UART_Transmit(UART_HandleTypeDef *uart, const uint8_t *from, uint16_t size, uint32_t wait) {
    (void)uart, (void)wait;
    for (; size; size--, from++) {
        if (*from != '\\r') putchar(*from);
    }
}
"""

CUBE_MAIN = (
    '#include "main.h"\n#include "kws_app.h"\nUART_HandleTypeDef huart2;\nint main(void) { return kws_app(); }\n'
)

CUBE_MAKEFILE = """\
BUILD_DIR = build
C_SOURCES = main.c list.c
ASMM_SOURCES =
C_INCLUDES = -I.
include Middlewares/kws/kws.mk
OBJECTS = $(addprefix $(BUILD_DIR)/,$(notdir $(C_SOURCES:.c=.o)))
vpath %.c $(sort $(dir $(C_SOURCES)))
OBJECTS += $(addprefix $(BUILD_DIR)/,$(notdir $(ASMM_SOURCES:.S=.o)))
vpath %.S $(sort $(dir $(ASMM_SOURCES)))
$(BUILD_DIR)/app: $(OBJECTS)
	gcc $(OBJECTS) -o $@
$(BUILD_DIR)/%.o: %.c | $(BUILD_DIR)
	gcc -c $(C_INCLUDES) $< -o $@
$(BUILD_DIR)/%.o: %.S | $(BUILD_DIR)
	gcc -c $(AS_INCLUDES) $< -o $@
$(BUILD_DIR):
	mkdir $@
"""

CUBE_CMAKE = """\
cmake_minimum_required(VERSION 3.22)
project(app)
enable_language(C ASM)
add_executable(${CMAKE_PROJECT_NAME} main.c list.c)
target_include_directories(${CMAKE_PROJECT_NAME} PRIVATE .)
add_subdirectory(Middlewares/kws)
target_link_libraries(${CMAKE_PROJECT_NAME} kws)
"""
