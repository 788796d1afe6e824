// SPDX-License-Identifier: MIT
// Histograms: of the chosen series, and of all.
"use strict";

const CARD_HEIGHT = 130,
	WHOLE_HEIGHT = 300;
const BARS_LEFT = 44,
	BARS_RIGHT = 2;
const CARDS_AT_FIRST = 24;
const SLOTS_PER_ROW = 16;

function drawBarAxes(svg, { x, places, span, plot, bottom, most }) {
	const right = BARS_LEFT + plot;
	for (const ns of durationTicks([span[0] * places - 0.01, span[1] * places], plot / 52)) {
		const at = Math.round(x(placeOf(ns) / places)) + 0.5;
		svg.append(draw("line", { x1: at, x2: at, y1: 8, y2: bottom + 4, class: "grid" }));
		if (at > BARS_LEFT + 8 && at < right - 18) svg.append(textAt(at, bottom + 17, tickText(ns), "middle"));
	}
	svg.append(
		draw("line", { x1: BARS_LEFT, x2: right, y1: bottom + 0.5, y2: bottom + 0.5, class: "axis" }),
		textAt(BARS_LEFT - 5, 18, percent(most, 1), "end"),
		textAt(BARS_LEFT - 5, bottom, "0", "end"),
	);
}

// Of the first run, each SHARE as a bar; of the second, all as an outline.
function drawBars(svg, index, shares, { x, y, bottom, barWidth }) {
	if (index) {
		const path = shares.map((share, i) => `V${y(share)}H${x(i) + barWidth}`).join("");
		svg.append(draw("path", { class: "bars1", d: `M${x(0)} ${bottom}${path}V${bottom}` }));
		return;
	}
	shares.forEach((share, i) => {
		const box = { x: x(i) + 0.5, y: y(share), width: Math.max(1, barWidth - 1), height: bottom - y(share) };
		if (share) svg.append(draw("rect", { class: "bars0", ...box }));
	});
}

function barTip(entry, groups, bar, places) {
	const lines = [rangeText(places * bar, places * (bar + 1))];
	entry.runs.forEach((series, index) => {
		const n = groups[index].get(bar) || 0;
		lines.push((IS_PAIR ? RUN_NAMES[index] + ": " : "") + ofAll(n, series.count));
	});
	return lines.join("\n");
}

// Bars of SLOTS slots, from the bar SPAN[0] up to but not with SPAN[1].
function paintHistogram(entry, slots, span, width, fullHeight) {
	const svg = makeSvg(width, fullHeight),
		bottom = fullHeight - PLOT_BOTTOM,
		plot = width - BARS_LEFT - BARS_RIGHT,
		places = slots / 8,
		nBars = span[1] - span[0],
		barWidth = plot / nBars;
	const groups = entry.runs.map((series) => groupSlots(series.slot_counts, slots));
	const shares = entry.runs.map((series, index) =>
		Array.from({ length: nBars }, (_, i) => (groups[index].get(span[0] + i) || 0) / series.count),
	);
	const most = Math.max(...shares.flat()),
		first = shares.find(Boolean);
	const x = (i) => BARS_LEFT + barWidth * i;
	const y = (part) => (part ? Math.min(bottom - 1, bottom - ((bottom - 14) * part) / most) : bottom);
	drawBarAxes(svg, { x: (bar) => x(bar - span[0]), places, span, plot, bottom, most });
	shares.forEach((one, index) => drawBars(svg, index, one, { x, y, bottom, barWidth }));
	const grid = {
		nx: nBars,
		ny: 1,
		start: [first.indexOf(Math.max(...first)), 0],
		tell: (i) => barTip(entry, groups, span[0] + i, places),
		box: (i) => [x(i), 8, barWidth, bottom - 8],
		at: (px, py) =>
			px >= BARS_LEFT && px < BARS_LEFT + plot && py < bottom
				? [Math.floor((px - BARS_LEFT) / barWidth), 0]
				: null,
	};
	return { svg, grid };
}

// The bars of SLOTS slots that any of ENTRIES has something in.
function barSpan(entries, slots) {
	let low = Infinity,
		high = 0;
	for (const entry of entries)
		for (const series of entry.runs)
			for (const slot of Object.keys(series ? series.slot_counts : {})) {
				low = Math.min(low, Math.floor(slot / slots));
				high = Math.max(high, Math.floor(slot / slots) + 1);
			}
	return [low, high];
}

function showWholeHistogram(entry) {
	const span = barSpan([entry], SLOTS_PER_ROW / 2);
	byId("whole-histogram").replaceChildren();
	addChart(byId("whole-histogram"), "Histogram of " + entry.title, (width) =>
		paintHistogram(entry, SLOTS_PER_ROW / 2, span, width, WHOLE_HEIGHT),
	);
}

function makeCard(entry, span) {
	const card = make("div", { class: "card" }, make("h3", { class: "text", dir: "ltr" }, entry.title));
	entry.runs.forEach((series, index) => {
		if (!series) return;
		const { p50, p99 } = series.percentiles;
		const name = IS_PAIR ? RUN_NAMES[index] + ": " : "",
			latencies = `p50 ${percentileText(p50)}, p99 ${percentileText(p99)}`;
		card.append(
			make(
				"p",
				null,
				`${name}${count(series.count)} ops, ${latencies}, max ${duration(series.max_ns)}`,
			),
		);
	});
	addChart(card, "Histogram of " + entry.title, (width) =>
		paintHistogram(entry, SLOTS_PER_ROW, span, width, CARD_HEIGHT),
	);
	return card;
}

function showHistograms(entries) {
	const span = barSpan(entries, SLOTS_PER_ROW);
	const cards = byId("histogram-cards"),
		addAll = (list) => {
			for (const entry of list) cards.append(makeCard(entry, span));
		};
	byId("histogram-note").textContent =
		"A bar for each power of two, as high as its share, all on the same axis of latency." +
		(IS_PAIR ? " A is filled, B is the outline." : "");
	addAll(entries.slice(0, CARDS_AT_FIRST));
	if (entries.length <= CARDS_AT_FIRST) return;
	const more = make("button", { type: "button", class: "more" }, "Show all " + count(entries.length));
	more.addEventListener("click", () => {
		more.remove();
		addAll(entries.slice(CARDS_AT_FIRST));
	});
	cards.after(more);
}
