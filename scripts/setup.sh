#!/usr/bin/env bash
# Makes .venv with the tested versions and installs what else is missing through apt. TORCH names another build, for example
# TORCH=torch==2.13.0 for the registry's default, which on x86 Linux brings CUDA.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=${TORCH:-}
TESTED=requirements-tested.txt
PIP=(.venv/bin/python -m pip --disable-pip-version-check install -qq --constraint "$TESTED")

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

# A Python without venv, which Debian splits off, does not count.
find_python() {
    local name
    for name in python3 python3.11 python3.12 python3.13 python3.14; do
        if "$name" -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

# Debian packages for what is not there yet.
missing() {
    command -v gcc >/dev/null || echo gcc libc6-dev
    command -v make >/dev/null || echo make
    [ -n "$(find_python)" ] || echo python3 python3-venv
    command -v arm-none-eabi-gcc >/dev/null || echo gcc-arm-none-eabi
    [ -e "$(arm-none-eabi-gcc -print-file-name=libc.a 2>/dev/null)" ] || echo libnewlib-arm-none-eabi
    command -v qemu-system-arm >/dev/null || echo qemu-system-arm
    command -v riscv64-unknown-elf-gcc >/dev/null || echo gcc-riscv64-unknown-elf
    command -v qemu-system-riscv32 >/dev/null || echo qemu-system-misc
    [ -e /usr/share/datasets/fashion-mnist ] || [ -n "$(own_fashion_mnist)" ] || echo dataset-fashion-mnist
}

# What a few more tests run on: without it, they are skipped.
optional() {
    command -v qemu-aarch64 >/dev/null || echo qemu-user
}

own_fashion_mnist() {
    compgen -G "${EDGEHFN_DATA:-/nowhere}/fashion-mnist*" || true
}

# apt as root, or through sudo where it asks nothing or somebody is there to answer.
install_missing() {
    local as_root=()
    command -v apt-get >/dev/null || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || return 0
        sudo -n true 2>/dev/null || [ -t 0 ] || return 0
        as_root=(sudo)
    fi
    say "Installing $* …"
    "${as_root[@]}" apt-get update -qq || true # an old list may do
    local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
    "${install[@]}" "$@" >/dev/null && return
    local package # one that is not to be had must not keep out the others; what is still missing is named at the end
    for package; do "${install[@]}" "$package" >/dev/null || true; done
}

# The CPU build: by its own version where the configured registry has it, else by uv, which knows where PyTorch keeps its CPU
# builds, else whatever the registry calls torch (on Arm and macOS that is the CPU build as well).
install_torch() {
    local version
    version=$(sed -n 's/^torch==//p' "$TESTED")
    if [ -n "$TORCH" ]; then
        "${PIP[@]}" "$TORCH"
        return
    fi
    .venv/bin/python -c "import torch; assert torch.__version__.split('+')[0] == '$version'" 2>/dev/null && return
    say "Installing torch $version for the CPU …"
    "${PIP[@]}" "torch==$version+cpu" 2>/dev/null && return
    "${PIP[@]}" uv &&
        .venv/bin/python -m uv pip install --quiet --python .venv/bin/python --constraint "$TESTED" \
            --torch-backend cpu "torch==$version" 2>/dev/null && return
    say "No CPU build of torch was found; taking the default one."
    "${PIP[@]}" "torch==$version"
}

# Numba's loops of the emulator, which it keeps: the first run need not wait for them.
compile_loops() {
    local folder
    folder=$(mktemp -d)
    say "Compiling the emulator's loops …"
    .venv/bin/edgehfn zoo get digits -o "$folder/digits.hfn" >/dev/null 2>&1 &&
        .venv/bin/edgehfn run "$folder/digits.hfn" --data digits >/dev/null 2>&1 || true
    rm -r "$folder"
}

needed="$(missing) $(optional)"
# shellcheck disable=SC2086 # one word a package
[ "$needed" = " " ] || install_missing $needed

python=$(find_python)
if [ -n "$python" ]; then
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    install_torch
    say "Installing EdgeHFN and its tools …"
    "${PIP[@]}" hatchling
    "${PIP[@]}" --no-build-isolation --editable '.[docs,search,test,tflite]'
    compile_loops
fi

needed=$(missing)
if [ -n "$needed" ]; then
    # shellcheck disable=SC2086 # on one line
    echo "edgehfn: install these, then run this again: sudo apt-get install --no-install-recommends" $needed >&2
    exit 1
fi
touch .venv/.ready
