# docker build -t edgehfn . && docker run --rm edgehfn             # make demo
# docker run --rm edgehfn make test
FROM debian:12-slim AS tools

# What scripts/setup.sh would install, so that it runs without root; git and certificates for work inside.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends \
        ca-certificates \
        dataset-fashion-mnist \
        gcc \
        gcc-arm-none-eabi \
        gcc-riscv64-unknown-elf \
        git \
        libc6-dev \
        libnewlib-arm-none-eabi \
        make \
        python3 \
        python3-venv \
        qemu-system-arm \
        qemu-system-misc && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --create-home --uid 1000 --shell /bin/bash edgehfn && \
    install -d -o 1000 -g 1000 /home/edgehfn/edgehfn
USER 1000
WORKDIR /home/edgehfn/edgehfn

FROM tools

COPY --chown=1000:1000 . .
RUN bash scripts/setup.sh && rm -rf /home/edgehfn/.cache/pip /home/edgehfn/.cache/uv
CMD ["make", "demo"]
