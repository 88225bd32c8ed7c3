#include "yaml/yaml.h"

#include <stdarg.h>
#include <stdio.h>

struct yaml_pair *yaml_find(const struct yaml *node, struct str key)
{
	if (!node || node->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < node->n; i++)
		if (str_eq(node->pairs[i].key->text, key))
			return &node->pairs[i];
	return NULL;
}

struct yaml *yaml_get(const struct yaml *node, const char *key)
{
	const struct yaml_pair *pair = yaml_find(node, str_of(key));
	return pair ? pair->value : NULL;
}

const char *yaml_describe(const struct yaml *node)
{
	if (!node)
		return "nothing";
	if (node->kind != YAML_SCALAR)
		return node->kind == YAML_MAPPING ? "a mapping" : "a sequence";
	switch (node->type) {
	case YAML_NULL: return "null";
	case YAML_BOOL: return "a boolean";
	case YAML_INT:
	case YAML_FLOAT: return "a number";
	case YAML_STR: return "a string";
	}
	return "nothing";
}

int yaml_err(struct err *err, const struct yaml *node, const char *fmt, ...)
{
	char what[sizeof(err->what)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	err_set(err, ERR_INPUT, "%s", what);
	return node ? err_locate(err, NULL, node->line, node->col) : -1;
}
