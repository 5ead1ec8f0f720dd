#include "expr/jsonata/library.h"
struct jval gal_jfn_format_number(struct jrun *run, const struct jcall *call){(void)run;(void)call;return JUNDEFINED;}
struct jval gal_jfn_format_integer(struct jrun *run, const struct jcall *call){(void)run;(void)call;return JUNDEFINED;}
struct jval gal_jfn_parse_integer(struct jrun *run, const struct jcall *call){(void)run;(void)call;return JUNDEFINED;}
struct jval gal_jfn_to_millis(struct jrun *run, const struct jcall *call){(void)run;(void)call;return JUNDEFINED;}
struct jval gal_jfn_from_millis(struct jrun *run, const struct jcall *call){(void)run;(void)call;return JUNDEFINED;}
struct jval gal_jfn_now(struct jrun *run, const struct jcall *call){(void)run;(void)call;return JUNDEFINED;}
struct jval gal_jfn_millis(struct jrun *run, const struct jcall *call){(void)run;(void)call;return JUNDEFINED;}
