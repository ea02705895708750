/* What every assembly file says of the stack. */
#ifndef HFN_STACK_NOTE_H
#define HFN_STACK_NOTE_H

/* Assembly, which only *.S include. */
/* clang-format off */

#if defined(__ELF__) && (defined(__linux__) || defined(__clang__))
    /* No code here needs an executable stack. Linkers for Linux assume that it does without this section, even of an
     * object that is empty because its instruction set is another. GNU linkers also warn where some objects have the
     * section and others do not, so bare metal goes by its compiler: Clang writes it for C, GCC does not. */
    .section .note.GNU-stack, "", %progbits
    .text
#endif

#endif
