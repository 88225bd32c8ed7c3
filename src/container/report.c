#include "container/helper_priv.h"

void helper_report_wire(struct wire *w, struct helper_report *r)
{
	wire_bool(w, &r->is_error);
	wire_err(w, &r->err);
	wire_int(w, &r->status);
	wire_int(w, &r->signal);
	wire_text(w, &r->log);
}
