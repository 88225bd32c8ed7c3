/* ADD and COPY. */
#include "dockerfile/instruction_priv.h"

enum { COPY_FROM, COPY_CHOWN, COPY_CHMOD, COPY_LINK, COPY_PARENTS, COPY_EXCLUDE };
static const struct flag_spec copy_flags[] = {
	[COPY_FROM] = {"from", FLAG_TEXT},
	[COPY_CHOWN] = {"chown", FLAG_TEXT},
	[COPY_CHMOD] = {"chmod", FLAG_TEXT},
	[COPY_LINK] = {"link", FLAG_BOOL},
	[COPY_PARENTS] = {"parents", FLAG_BOOL},
	[COPY_EXCLUDE] = {"exclude", FLAG_LIST},
	{0},
};

enum { ADD_CHOWN, ADD_CHMOD, ADD_LINK, ADD_KEEP_GIT_DIR, ADD_CHECKSUM, ADD_EXCLUDE, ADD_UNPACK };
static const struct flag_spec add_flags[] = {
	[ADD_CHOWN] = {"chown", FLAG_TEXT},
	[ADD_CHMOD] = {"chmod", FLAG_TEXT},
	[ADD_LINK] = {"link", FLAG_BOOL},
	[ADD_KEEP_GIT_DIR] = {"keep-git-dir", FLAG_BOOL},
	[ADD_CHECKSUM] = {"checksum", FLAG_TEXT},
	[ADD_EXCLUDE] = {"exclude", FLAG_LIST},
	[ADD_UNPACK] = {"unpack", FLAG_BOOL},
	{0},
};

static int read_add_flags(struct reader *r, struct inst_copy *ret)
{
	CLEANUP(flag_values_done) struct flag_values v = {0};
	if (flags_read(r, add_flags, &v) < 0)
		return -1;
	ret->chown = v.p[ADD_CHOWN].word;
	ret->chmod = v.p[ADD_CHMOD].word;
	ret->checksum = v.p[ADD_CHECKSUM].word;
	ret->excludes = flag_list(r, &v.p[ADD_EXCLUDE]);
	ret->is_link = v.p[ADD_LINK].truth;
	ret->has_keep_git_dir = v.p[ADD_KEEP_GIT_DIR].is_used;
	ret->keeps_git_dir = v.p[ADD_KEEP_GIT_DIR].truth;
	ret->has_unpack = v.p[ADD_UNPACK].is_used;
	ret->unpacks = v.p[ADD_UNPACK].truth;
	return 0;
}

static int read_copy_flags(struct reader *r, struct inst_copy *ret)
{
	CLEANUP(flag_values_done) struct flag_values v = {0};
	if (flags_read(r, copy_flags, &v) < 0)
		return -1;
	ret->from = v.p[COPY_FROM].word;
	ret->chown = v.p[COPY_CHOWN].word;
	ret->chmod = v.p[COPY_CHMOD].word;
	ret->excludes = flag_list(r, &v.p[COPY_EXCLUDE]);
	ret->is_link = v.p[COPY_LINK].truth;
	ret->has_parents = v.p[COPY_PARENTS].truth;
	return 0;
}

/* The heredoc a word stands for, or NULL. They come in the order of their words. */
static const struct dockerfile_heredoc *heredoc_of(struct reader *r, struct str word, size_t *next)
{
	const struct dockerfile_node *n = r->node;
	if (*next == n->n_heredocs || !heredoc_is_word(word, &n->heredocs[*next], r->arena))
		return NULL;
	return &n->heredocs[(*next)++];
}

static int read_paths(struct reader *r, struct inst_copy *ret)
{
	const struct dockerfile_node *n = r->node;
	size_t last = n->n_args - 1, next = 0;
	ret->sources.p = ARENA_ARRAY(r->arena, struct dockerfile_word, last);
	ret->files = ARENA_ARRAY(r->arena, struct inst_file, n->n_heredocs);
	for (size_t i = 0; i < last; i++) {
		const struct dockerfile_heredoc *h = heredoc_of(r, n->args[i].text, &next);
		if (!h)
			ret->sources.p[ret->sources.n++] = n->args[i];
		else
			ret->files[ret->n_files++] = (struct inst_file){h->name,
				dockerfile_heredoc_text(h, r->arena), h->is_expanded, h->at};
	}
	ret->dest = n->args[last];
	if (heredoc_of(r, ret->dest.text, &next))
		return place_fail(r->err, ret->dest.at,
			"%s cannot accept a heredoc as a destination", r->name);
	return 0;
}

int inst_read_copy(struct reader *r, struct inst *ret)
{
	if (r->node->n_args < 2)
		return reader_fail(r,
			"%s requires at least two arguments, but only one was provided. "
			"Destination could not be determined",
			r->name);
	int rc = ret->kind == INST_ADD ? read_add_flags(r, &ret->copy)
				       : read_copy_flags(r, &ret->copy);
	return rc < 0 ? -1 : read_paths(r, &ret->copy);
}
