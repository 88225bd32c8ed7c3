/* dockerfile -- the text of a Dockerfile as instructions with places.
 *
 * One header for each noun, in the order a build needs them:
 *
 *	dockerfile.h	text -> nodes: lines, directives, heredocs, flags, words. No meaning yet.
 *	instruction.h	nodes -> stages of typed instructions.
 *	expand.h	$variables, quotes and escapes in one word.
 *	mount.h		RUN --mount.
 *	scope.h		which variables an instruction sees, and the instruction with them filled
 *			in.
 *	mode.h		COPY --chmod.
 *	check.h		what a careful reader would say about the file.
 *
 * Knows:   the Dockerfile language as BuildKit reads it, quirks included; tests pin each one.
 *          Touches: the text given. Never: files, images, the environment; who needs one hands in
 *          a callback.
 * Owner:   everything lives in the caller's arena; the text is copied, so the input may go.
 * Threads: a parsed file may be read from any thread.
 * Errors:  ERR_INPUT with line and column, in BuildKit's words where people know them; ERR_LIMIT
 *          (DOCKERFILE_*). The caller adds the file name with err_in_file().
 * Source:  Dockerfile reference, docs.docker.com/reference/dockerfile.
 */
#ifndef DOCKERFILE_DOCKERFILE_H
#define DOCKERFILE_DOCKERFILE_H

#include "base/arena.h"
#include "base/buf.h"

enum {
	DOCKERFILE_MAX_BYTES = 4 * 1024 * 1024,
	DOCKERFILE_LINE_MAX = 65535,   /* bytes of one physical line, as in BuildKit */
	DOCKERFILE_NODES_MAX = 100000, /* instructions of a file */
	DOCKERFILE_STAGES_MAX = 5000,
	DOCKERFILE_ONBUILD_DEPTH = 16, /* ONBUILD ONBUILD …: refused later, but parsed */
};

struct dockerfile_place {
	uint32_t line, col; /* from 1; col counts characters */
};

/* A piece of an instruction and where it starts. */
struct dockerfile_word {
	struct str text;
	struct dockerfile_place at;
};

/* `<<EOF` of RUN, COPY or ADD and the lines up to EOF. */
struct dockerfile_heredoc {
	struct str name;            /* without quotes */
	struct str content;         /* as written: leading tabs are still there, see is_chomped */
	bool is_expanded;           /* the name had no quotes: variables mean something in it */
	bool is_chomped;            /* `<<-`: leading tabs of each line go */
	uint64_t fd;                /* of `3<<EOF`; 0 when none was written */
	struct dockerfile_place at; /* of the first line of content */
};

struct dockerfile_node {
	struct str instruction; /* as written */
	struct str original;    /* the whole instruction, continuation lines joined */
	struct dockerfile_place at;
	uint32_t end_line;             /* of the last line, heredocs included */
	struct dockerfile_word *flags; /* "--name" or "--name=value", quotes resolved */
	size_t n_flags;
	/* Quotes are kept except in exec form. ENV and LABEL have three words per variable: name,
	 * value, and "=" or "" for `ENV name value`. HEALTHCHECK begins with its type. */
	struct dockerfile_word *args;
	size_t n_args;
	bool is_exec_form; /* the arguments were a JSON array of strings */
	struct dockerfile_heredoc *heredocs;
	size_t n_heredocs;
	struct dockerfile_node
		*sub;         /* the instruction behind ONBUILD; heredocs stay with ONBUILD */
	struct str *comments; /* the comment lines above, without '#' */
	size_t n_comments;
	/* The last of the continued lines, when an empty one between them was skipped; else 0. */
	uint32_t empty_continuation;
};

/* `# name=value` at the top. */
struct dockerfile_directive {
	bool is_set;
	struct str value;
	struct dockerfile_place at;
};

struct dockerfile {
	struct dockerfile_node *nodes;
	size_t n;
	char escape; /* '\\' or '`' */
	struct dockerfile_directive syntax, check;
};

int dockerfile_parse(struct str text, struct arena *a, struct dockerfile *ret, struct err *err);

/* The front end a file asks for, also in files that are no Dockerfile at all: `# syntax=…`,
 * `// syntax=…` or a JSON object with "syntax", each after an optional #! line. False when it asks
 * for none. ret->value is the whole text of the directive; its first word is the image. */
bool dockerfile_syntax(struct str text, struct arena *a, struct dockerfile_directive *ret);
/* Is the image docker/dockerfile, version 1 (any variant, with or without a digest)? */
bool dockerfile_syntax_is_ours(struct str value);

/* Adds an array of nodes as JSON: `knarr dockerfile parse`. */
void dockerfile_dump(const struct dockerfile *d, struct buf *b);

/* The heredoc's content as it is written to a file or fed to a shell: tabs removed if chomped. */
struct str dockerfile_heredoc_text(const struct dockerfile_heredoc *h, struct arena *a);

#endif
