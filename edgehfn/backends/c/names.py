"""Names that a model cannot have, as its files, functions and macros begin with it; and text as bytes of C strings."""

from __future__ import annotations

import re

from edgehfn.errors import InputError

C_HEADERS = """
assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
"""  # to C23
CPP_HEADERS = """
algorithm any array atomic barrier bit bitset cassert ccomplex cctype cerrno cfenv cfloat charconv chrono
cinttypes ciso646 climits clocale cmath codecvt compare concepts condition_variable coroutine csetjmp csignal
cstdalign cstdarg cstdbool cstddef cstdint cstdio cstdlib cstring ctgmath ctime cuchar cwchar cwctype deque
exception execution expected filesystem format forward_list fstream functional future generator initializer_list
iomanip ios iosfwd iostream istream iterator latch limits list locale map mdspan memory memory_resource mutex
new numbers numeric optional ostream print queue random ranges ratio regex scoped_allocator semaphore set
shared_mutex source_location span spanstream sstream stack stacktrace stdexcept stdfloat stop_token streambuf
string string_view strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map
unordered_set utility valarray variant vector version
"""  # to C++23
OTHER_HEADERS = """
aio alloca byteswap cpio dirent dlfcn elf endian err error fcntl features fmtmsg fnmatch ftw getopt glob grp
iconv langinfo libgen libintl malloc memory mqueue monetary ndbm netdb nl_types poll pthread pty pwd regex
resolv sched search semaphore spawn strings stropts syscall sysexits syslog tar termios trace ucontext ulimit
unistd utime utmp utmpx values wait wordexp newlib reent envz argz paths process sgtty unctrl ar devctl envlock
fastmath ieeefp regdef stdio_ext execinfo ifaddrs link
"""  # of POSIX, glibc and newlib
KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm
typeof typeof_unqual constexpr nullptr true false bool alignas alignof static_assert thread_local and and_eq
bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield compl concept const_cast
consteval constinit decltype delete dynamic_cast explicit export friend import module mutable namespace new
noexcept not not_eq operator or or_eq private protected public reinterpret_cast requires static_cast template
this throw try typeid typename using virtual wchar_t xor xor_eq final override
"""  # of C23 and C++23
DEVICES = ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))]
HEADERS = frozenset(f"{C_HEADERS} {CPP_HEADERS} {OTHER_HEADERS}".split())
GIVE = "give another --name"


def check(name: str) -> None:
    """Raises InputError if files, macros and functions cannot carry this name.

    Upper and lower case are one, as they are in the names of files on some systems.
    """
    shown, small = f"model name {name!r:.80}", name.lower()
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        raise InputError(f"{shown}: needs a letter, then letters, digits or _; {GIVE}")
    if "__" in name or name.endswith("_"):
        raise InputError(f"{shown}: names with two _ in a row are reserved in C++; {GIVE}")
    if small in HEADERS:
        raise InputError(f"{shown}: {name}.h would hide a header of the C or C++ library; {GIVE}")
    if small in KEYWORDS.split():
        raise InputError(f"{shown}: is a keyword of C or C++; {GIVE}")
    if small in DEVICES:
        raise InputError(f"{shown}: names a device on Windows, where no file can have it; {GIVE}")
    if small in ("hfn", "edgehfn") or small.startswith(("hfn_", "edgehfn_")):
        raise InputError(f"{shown}: is in use by the files and functions of the runtime; {GIVE}")


def usable(name: str) -> str:
    """Return a name that ``check`` takes, as near to this one as can be."""
    plain = re.sub("_+", "_", re.sub("[^A-Za-z0-9]", "_", name)).strip("_")
    try:
        check(plain)
    except InputError:
        return f"model_{plain}".rstrip("_")
    return plain


def encoded(text: str) -> bytes:
    """Return UTF-8. Bytes that were none, as Python reads names of files, are what they were; no text is refused."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="replace")
