/* expr -- the expression language of GitHub Actions: what stands between ${{ and }}.
 *
 *	struct expr *e;
 *	expr_parse(S("github.ref == 'refs/heads/main' && success()"), &scope, &a, &e, NULL, &err);
 *	expr_eval(e, &env, &a, &value, &err);
 *
 * Which names exist is the caller's decision: a scope lists contexts and extra functions, and every
 * other name fails when the text is parsed, even where it would never be evaluated. The built-in
 * functions are always there: contains startsWith endsWith format join toJSON fromJSON case.
 *
 * Knows:   the language, its coercions, ${{ }} inside text, the rule for `if:`.
 * Touches: the text and values given. Never: files (hashFiles is a function of the caller), jobs,
 *          YAML.
 * Shapes:  values are immutable once evaluated over; numbers are double; text is UTF-8. Positions
 *          count UTF-16 units from 1, as GitHub does. Messages are GitHub's own words, so that what
 *          people find on the web about them stays true.
 * Owner:   everything parsed or evaluated lives in the caller's arena and borrows from its inputs:
 *          text, scope and contexts must outlive it. Threads: a parsed expression may be evaluated
 *          from any thread, each with its own arena.
 * Errors:  ERR_INPUT (wrong expression, or a function refused its arguments), ERR_LIMIT (longer,
 *          deeper or larger than the language allows).
 * Limits:  EXPR_MAX_LENGTH, EXPR_MAX_DEPTH, EXPR_MAX_BYTES.
 * Source:  docs.github.com "Evaluate expressions in workflows and actions"; actions/languageservices
 *          expressions; actions/runner Sdk/DTExpressions2.
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json/json.h"

enum {
	EXPR_MAX_LENGTH = 21000,           /* UTF-16 units of one expression */
	EXPR_MAX_DEPTH = 50,               /* nodes from root to leaf; a || b || c is one level */
	EXPR_MAX_BYTES = 10 * 1024 * 1024, /* made by one evaluation, unless the env says other */
	EXPR_MAX_JSON_DEPTH = JSON_DEPTH_MAX, /* of values, for toJSON and fromJSON */
};

/* Values. */

enum expr_kind { EXPR_NULL, EXPR_BOOL, EXPR_NUMBER, EXPR_STRING, EXPR_ARRAY, EXPR_OBJECT };

struct expr_list;
struct expr_dict;

struct expr_value {
	enum expr_kind kind;
	union {
		bool truth;
		double number;
		struct str text;
		const struct expr_list *list; /* never NULL in an array */
		const struct expr_dict *dict; /* never NULL in an object */
	};
};

/* Two arrays or objects are equal only when they are the same one. */
struct expr_list {
	struct expr_value *items;
	size_t n;
	bool is_filtered; /* made by `.*`: an index is applied to each item */
};

struct expr_member {
	struct str key;
	struct expr_value value;
};

struct expr_dict {
	struct expr_member *members; /* in the order they were put */
	size_t n, cap;
	bool is_case_sensitive; /* as the env context is on Linux; all others ignore case */
};

static inline struct expr_value expr_null(void)
{
	return (struct expr_value){.kind = EXPR_NULL};
}
static inline struct expr_value expr_bool(bool truth)
{
	return (struct expr_value){.kind = EXPR_BOOL, .truth = truth};
}
static inline struct expr_value expr_number(double number)
{
	return (struct expr_value){.kind = EXPR_NUMBER, .number = number};
}
static inline struct expr_value expr_string(struct str text)
{
	return (struct expr_value){.kind = EXPR_STRING, .text = text};
}
static inline struct expr_value expr_array(const struct expr_list *list)
{
	return (struct expr_value){.kind = EXPR_ARRAY, .list = list};
}
static inline struct expr_value expr_object(const struct expr_dict *dict)
{
	return (struct expr_value){.kind = EXPR_OBJECT, .dict = dict};
}

/* n items, all null, to be filled in. */
struct expr_list *expr_list_new(struct arena *a, size_t n);
struct expr_dict *expr_dict_new(struct arena *a);
/* Replaces the value of an equal key; keys are borrowed. */
void expr_dict_put(struct expr_dict *d, struct arena *a, struct str key, struct expr_value v);
const struct expr_value *expr_dict_get(const struct expr_dict *d, struct str key); /* or NULL */

/* Borrows the texts of v. */
struct expr_value expr_from_json(const struct json *v, struct arena *a);
/* NaN and the infinities become the strings "NaN", "Infinity" and "-Infinity". */
void expr_write_json(struct json_out *o, const struct expr_value *v);

const char *expr_kind_name(enum expr_kind k); /* "null", "boolean", "number", "string", ... */
/* Coercions of the language. Text of arrays and objects is "Array" and "Object". */
bool expr_is_true(const struct expr_value *v);
double expr_to_number(const struct expr_value *v);
struct str expr_to_text(const struct expr_value *v, struct arena *a);
bool expr_equal(const struct expr_value *a, const struct expr_value *b); /* == */
/* Same letters whatever their case, in any script (one character to one character). */
bool expr_text_eq(struct str a, struct str b);

/* Parsing. */

struct expr_call {
	const struct expr_value *args;
	size_t n;
	struct arena *a;
	void *user; /* of the env */
};

struct expr_function {
	const char *name; /* found whatever its case */
	unsigned min_args, max_args;
	/* NULL: known to the parser; the env must bring the function when it is evaluated. */
	int (*call)(const struct expr_call *call, struct expr_value *ret, struct err *err);
};

struct expr_scope {
	const char *const *contexts; /* ends with NULL; NULL = none */
	const struct expr_function *functions;
	size_t n_functions;
};

enum expr_stage { EXPR_LEXING, EXPR_PARSING, EXPR_EVALUATION };
const char *expr_stage_name(enum expr_stage s); /* "lexing", "parsing", "evaluation" */

/* Where an expression is wrong. */
struct expr_fault {
	enum expr_stage stage;
	uint32_t position; /* UTF-16 units from 1 in the expression; 0 = the whole */
	size_t offset;     /* bytes from the start of the text that was given */
};

struct expr;

/* Text that holds nothing gives an expression whose value is null. fault may be NULL. */
int expr_parse(struct str text, const struct expr_scope *scope, struct arena *a, struct expr **ret,
	struct expr_fault *fault, struct err *err);
struct str expr_source(const struct expr *e); /* the text, trimmed */
bool expr_is_empty(const struct expr *e);
/* The expression is nothing but a string literal. */
bool expr_is_literal_text(const struct expr *e, struct str *ret);
/* Calls the named function anywhere. */
bool expr_calls(const struct expr *e, const char *function);
/* Tells every chain that starts at a context: "github.event.commits.*.message"; an index that is no
 * literal is shown as "?". */
void expr_each_path(const struct expr *e, void (*tell)(void *user, struct str path), void *user);

/* Evaluating. */

struct expr_env {
	const struct expr_dict *contexts;      /* a name the scope allowed and this lacks is null */
	const struct expr_function *functions; /* win over those of the scope, by name */
	size_t n_functions;
	void *user;       /* for functions of the caller */
	size_t max_bytes; /* 0 = EXPR_MAX_BYTES */
};

int expr_eval(const struct expr *e, const struct expr_env *env, struct arena *a,
	struct expr_value *ret, struct err *err);

/* Text with ${{ }} in it. */

struct expr_template {
	enum expr_template_kind {
		EXPR_TEMPLATE_TEXT,   /* nothing to evaluate: text */
		EXPR_TEMPLATE_EXPR,   /* one expression; mixed text became one format() call */
		EXPR_TEMPLATE_INSERT, /* ${{ insert }} */
	} kind;
	bool is_mixed; /* there was text around the expressions */
	struct str text;
	struct expr *expr;
};

int expr_template_parse(struct str text, const struct expr_scope *scope, struct arena *a,
	struct expr_template *ret, struct expr_fault *fault, struct err *err);
/* A whole-value expression keeps its kind; anything else is a string. */
int expr_template_eval(const struct expr_template *t, const struct expr_env *env, struct arena *a,
	struct expr_value *ret, struct err *err);

/* `if:` is an expression with or without ${{ }}. One that calls no status function (success,
 * failure, always, cancelled) becomes success() && (...); nothing at all becomes success(). The
 * scope must know success. */
int expr_condition_parse(struct str text, const struct expr_scope *scope, struct arena *a,
	struct expr **ret, struct expr_fault *fault, struct err *err);

/* Answers `knarr expr`: writes {"kind", "value"} or {"error": {"kind", "message", "position"}}.
 * context_json is an object of contexts, or empty for the standard ones without content. extra may
 * add functions (hashFiles); success() and friends are there and speak of a job that goes well.
 * Returns 0, or 1 when the answer is an error; -1 when context_json is no JSON object. */
int expr_answer(struct str text, struct str context_json, const struct expr_function *extra,
	size_t n_extra, struct buf *out, struct err *err);

#endif
