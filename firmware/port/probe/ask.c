/* Semihosting without a server that knows it: a request lies in memory, and the core stops at the label port_stop until
 * the client has answered. edgehfn/target/probe.py is the other side. */
#include "../qemu/semihost.h"

/* The number counts the requests: a core that stopped elsewhere has made none. */
struct port_request {
    uint32_t number;
    int32_t operation;
    uint32_t block;
    int32_t result;
};

volatile struct port_request port_request;

void port_stop(void); /* of probe_*.S */

intptr_t port_semihost(intptr_t operation, const void *block) {
    port_request.operation = (int32_t)operation;
    port_request.block = (uint32_t)(uintptr_t)block;
    port_request.number++;
    port_stop();
    return port_request.result;
}
