#include "container/stage_priv.h"

const struct device_id devices_allowed[DEVICES_ALLOWED] = {
	{1, 3},    /* null */
	{1, 5},    /* zero */
	{1, 7},    /* full */
	{1, 8},    /* random */
	{1, 9},    /* urandom */
	{5, 0},    /* tty */
	{5, 1},    /* console */
	{5, 2},    /* ptmx */
	{136, -1}, /* pts */
	{10, 200}, /* net/tun */
};
