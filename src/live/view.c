/* SPDX-License-Identifier: MIT */
/* How the live screen is looked at: what its keys change. */
#include "live/view.h"

#include <stdio.h>

int live_view_decode(const char *bytes, size_t n_bytes, size_t *n_used)
{
	size_t n = 2;

	*n_used = 1;
	if (bytes[0] != '\033')
		return (unsigned char)bytes[0];
	if (n_bytes < 3 || (bytes[1] != '[' && bytes[1] != 'O'))
		return LIVE_KEY_NONE;
	/* Parameters, up to the byte that says what it is. */
	while (n + 1 < n_bytes && (bytes[n] < '@' || bytes[n] > '~'))
		n++;
	*n_used = n + 1;
	switch (bytes[n]) {
	case 'B': case 'C':
		return LIVE_KEY_NEXT;
	case 'A': case 'D': case 'Z':
		return LIVE_KEY_PREVIOUS;
	default:
		return LIVE_KEY_NONE;
	}
}

static void select_place(struct live_view *view, const struct live_history *history, int place)
{
	if (place >= 0 && (size_t)place < history->n_series)
		view->selected_id = history->series[place]->id;
}

static void step(struct live_view *view, const struct live_history *history, int by)
{
	int n = (int)history->n_series;

	if (n)
		select_place(view, history, (live_view_selected(view, history) + by + n) % n);
}

bool live_view_key(struct live_view *view, const struct live_history *history, int key)
{
	switch (key) {
	case 'q': case 'Q': return false;
	case ' ': case 'p':
		view->is_paused = !view->is_paused;
		view->paused_at = history->n_columns;
		break;
	case '?': case 'h': view->has_help = !view->has_help; break;
	case 'u': view->unit = (view->unit + 1) % N_LIVE_UNITS; break;
	case '\t': case LIVE_KEY_NEXT: step(view, history, 1); break;
	case LIVE_KEY_PREVIOUS: step(view, history, -1); break;
	case '0': view->selected_id = 0; break;
	default:
		if (key >= '1' && key <= '9')
			select_place(view, history, key - '1');
		break;
	}
	return true;
}

uint64_t live_view_end(const struct live_view *view, const struct live_history *history)
{
	return view->is_paused ? view->paused_at : history->n_columns;
}

static uint64_t total_ns(const struct live_series *series, struct live_window window)
{
	uint64_t total = 0, number;

	for (number = window.first; number < window.end; number++)
		total += live_series_cell(series, number)->sum_ns;
	return total;
}

int live_view_selected(const struct live_view *view, const struct live_history *history)
{
	struct live_window window = live_history_window(history, live_view_end(view, history), view->look.width);
	uint64_t total, largest = 0;
	int busiest = history->n_series ? 0 : -1;
	size_t i;

	for (i = 0; i < history->n_series; i++) {
		if (history->series[i]->id == view->selected_id)
			return (int)i;
		total = total_ns(history->series[i], window);
		if (total <= largest)
			continue;
		largest = total;
		busiest = (int)i;
	}
	return busiest;
}

char *live_view_duration(const struct live_view *view, char buffer[static UNITS_LEN], double ns)
{
	double value = view->unit == LIVE_UNIT_US ? ns / 1e3 : ns / 1e6;
	int n_decimals = value < 9.995 ? value < 0.9995 ? 3 : 2 : value < 99.95 ? 1 : 0;

	if (view->unit == LIVE_UNIT_AUTO || value < 0.001 || value >= 999999.5)
		return units_duration(buffer, ns);
	snprintf(buffer, UNITS_LEN, "%.*f%s", n_decimals, value, view->unit == LIVE_UNIT_US ? "us" : "ms");
	return buffer;
}
