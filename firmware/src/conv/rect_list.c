#include "list_words.h"
#include "rect.h"

#if !HFN_SMALL

HFN_BUILD_LISTS(hfn_build_rect_lists, while)

#endif
