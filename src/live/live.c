/* SPDX-License-Identifier: MIT */
/* The live screen of a run: from snapshots, keys and signals to frames on the terminal. */
#include "live/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/history.h"
#include "live/screen.h"
#include "live/view.h"
#include "base/log.h"
#include "base/out.h"
#include "model/snapshot.h"
#include "system/terminal.h"

struct live {
	const struct run_info *run;
	struct live_history history;
	struct live_view view;
};

/* As setlocale() would, but also where the locale itself is not installed. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "utf8");
	}
	return false;
}

static enum colours find_colours(void)
{
	const char *colorterm = getenv("COLORTERM");

	if (getenv("NO_COLOR"))
		return COLOURS_NONE;
	if (terminal_has_rgb() || (colorterm && (!strcmp(colorterm, "truecolor") || !strcmp(colorterm, "24bit"))))
		return COLOURS_TRUE;
	return terminal_n_colours() >= 256 ? COLOURS_256 : COLOURS_NONE;
}

int live_open(struct live **result, const struct run_info *run)
{
	struct live *live;
	const char *why;

	*result = NULL;
	if (terminal_open(&why)) {
		warn("--live: %s; reporting each interval instead", why);
		return 0;
	}
	live = calloc(1, sizeof(*live));
	if (!live)
		return fail(-ENOMEM, "live screen");
	live->run = run;
	live->view.look.utf8 = locale_is_utf8();
	live->view.look.colours = find_colours();
	*result = live;
	return 0;
}

static void draw(struct live *live)
{
	char *frame = NULL;
	size_t n_bytes;
	FILE *stream = open_memstream(&frame, &n_bytes);
	struct out *out = stream ? out_wrap(stream) : NULL;
	int error = -ENOMEM;

	if (out) {
		live_screen_write(out, &live->history, &live->view);
		error = out_close(out);
	}
	if (stream)
		fclose(stream);
	if (error)
		fail(error, "live screen");
	else
		terminal_write(frame, n_bytes);
	free(frame);
}

int live_start(struct live *live)
{
	int error = terminal_enter();

	if (error)
		return error;
	live->history.target = live->run->target;
	live->history.host = live->run->host;
	live->history.outlier_ns = live->run->outlier_ns;
	live->history.weight = run_weight(live->run);
	terminal_size(&live->view.look.width, &live->view.look.height);
	draw(live);
	return 0;
}

int live_fd(const struct live *live)
{
	(void)live;
	return terminal_fd();
}

bool live_keys(struct live *live)
{
	char bytes[64];
	int n = terminal_read(bytes, sizeof(bytes));
	size_t at, n_used;

	if (n < 0)
		return false;
	for (at = 0; at < (size_t)n; at += n_used)
		if (!live_view_key(&live->view, &live->history,
				   live_view_decode(bytes + at, (size_t)n - at, &n_used)))
			return false;
	draw(live);
	return true;
}

void live_add_signals(sigset_t *signals)
{
	sigaddset(signals, SIGWINCH);
	sigaddset(signals, SIGTSTP);
	sigaddset(signals, SIGCONT);
}

/* As without a signalfd: it is for the default action to stop the process. */
static void stop(void)
{
	sigset_t only, before;

	sigemptyset(&only);
	sigaddset(&only, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &only, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

bool live_signal(struct live *live, int number)
{
	switch (number) {
	case SIGTSTP:
		terminal_leave();
		stop();
		break;
	case SIGWINCH:
	case SIGCONT:
		break;
	default:
		return false;
	}
	/* What a narrower screen broke into two lines is cleared along with it. */
	if (!terminal_enter()) {
		terminal_size(&live->view.look.width, &live->view.look.height);
		draw(live);
	}
	return true;
}

void live_show(struct live *live, const struct snapshot *snapshot)
{
	live_history_add(&live->history, snapshot);
	draw(live);
}

void live_close(struct live *live)
{
	if (!live)
		return;
	terminal_close();
	live_history_free(&live->history);
	free(live);
}
