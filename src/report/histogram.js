// SPDX-License-Identifier: MIT
// Histograms of all series, and latency by size.
"use strict";

const CARD_HEIGHT = 130, WHOLE_HEIGHT = 300, SIZE_HEIGHT = 280;
const CARDS_AT_FIRST = 24;
const SLOTS_PER_ROW = 16;

// Bars of SLOTS slots, from the bar SPAN[0] up to but not with SPAN[1].
function paintHistogram(entry, slots, span, width, fullHeight) {
	const svg = makeSvg(width, fullHeight), bottom = fullHeight - PLOT_BOTTOM, left = 44, plot = width - left - 2, places = slots / 8;
	const bars = entry.runs.map((series) => series && groupSlots(series.slot_counts, slots));
	const share = (index, bar) => bars[index] ? (bars[index].get(bar) || 0) / entry.runs[index].count : 0;
	const nBars = span[1] - span[0], x = (bar) => left + plot * (bar - span[0]) / nBars;
	let most = 0;
	bars.forEach((groups, index) => groups && groups.forEach((_, bar) => { most = Math.max(most, share(index, bar)); }));
	const y = (part) => part ? Math.min(bottom - 1, bottom - (bottom - 14) * part / most) : bottom;
	for (const ns of durationTicks([span[0] * places - 0.01, span[1] * places], plot / 52)) {
		const at = Math.round(x(placeOf(ns) / places)) + 0.5;
		svg.append(draw("line", { x1: at, x2: at, y1: 8, y2: bottom + 4, class: "grid" }));
		if (at > left + 8 && at < width - 20) svg.append(textAt(at, bottom + 17, tickText(ns), "middle"));
	}
	svg.append(draw("line", { x1: left, x2: left + plot, y1: bottom + 0.5, y2: bottom + 0.5, class: "axis" }),
		textAt(left - 5, 18, percent(most, 1), "end"), textAt(left - 5, bottom, "0", "end"));
	for (let bar = span[0]; bar < span[1]; bar++)
		if (share(0, bar))
			svg.append(draw("rect", { class: "bars0", x: x(bar) + 0.5, y: y(share(0, bar)), width: Math.max(1, plot / nBars - 1), height: bottom - y(share(0, bar)) }));
	if (bars[1]) {
		let path = `M${left} ${bottom}`;
		for (let bar = span[0]; bar < span[1]; bar++) path += `V${y(share(1, bar))}H${x(bar + 1)}`;
		svg.append(draw("path", { class: "bars1", d: path + `V${bottom}` }));
	}
	const tell = (i) => {
		const bar = span[0] + i, lines = [rangeText(places * bar, places * (bar + 1))];
		bars.forEach((groups, index) => {
			const n = groups && groups.get(bar) || 0;
			lines.push((IS_PAIR ? RUN_NAMES[index] + ": " : "") + count(n) + (n ? ", " + percent(n, entry.runs[index].count) : ""));
		});
		return lines.join("\n");
	};
	const first = bars.find(Boolean), fullest = [...first].reduce((best, one) => one[1] > best[1] ? one : best)[0];
	const grid = {
		nx: nBars, ny: 1, start: [fullest - span[0], 0], tell,
		box: (i) => [x(span[0] + i), 8, plot / nBars, bottom - 8],
		at: (px, py) => px >= left && px < left + plot && py < bottom + 6 ? [Math.floor((px - left) / plot * nBars), 0] : null,
	};
	return { svg, grid };
}

// The bars of SLOTS slots that any of ENTRIES has something in.
function barSpan(entries, slots) {
	let low = Infinity, high = 0;
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
	addChart(byId("whole-histogram"), "Histogram of " + entry.title, (width) => paintHistogram(entry, SLOTS_PER_ROW / 2, span, width, WHOLE_HEIGHT));
}

function makeCard(entry, span) {
	const card = make("div", { class: "card" }, make("h3", { class: "text", dir: "ltr" }, entry.title));
	entry.runs.forEach((series, index) => {
		if (!series) return;
		const { p50, p99 } = series.percentiles;
		card.append(make("p", null, (IS_PAIR ? RUN_NAMES[index] + ": " : "") + count(series.count) + " ops, p50 " + percentileText(p50) +
			", p99 " + percentileText(p99) + ", max " + duration(series.max_ns)));
	});
	addChart(card, "Histogram of " + entry.title, (width) => paintHistogram(entry, SLOTS_PER_ROW, span, width, CARD_HEIGHT));
	return card;
}

function showHistograms(entries) {
	const span = barSpan(entries, SLOTS_PER_ROW);
	const cards = byId("histogram-cards"), addAll = (list) => { for (const entry of list) cards.append(makeCard(entry, span)); };
	byId("histogram-note").textContent = "A bar for each power of two, as high as its share, all on the same axis of latency." +
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

function sizeBytes(text) {
	const [, number, unit] = /^([\d.]+)([KMGTPE]?)i?B/.exec(text) || [0, 0, ""];
	return number * 1024 ** " KMGTPE".indexOf(unit || " ");
}

// Series that differ in nothing but their size: {title, sizes: [{size, runs}] from small to large}.
function collectSizes(entries) {
	const groups = new Map();
	for (const entry of entries) {
		if (!("size" in entry.labels)) continue;
		const { size, ...rest } = entry.labels;
		if (!groups.has(keyOf(rest))) groups.set(keyOf(rest), { title: titleOf(rest), sizes: [] });
		groups.get(keyOf(rest)).sizes.push({ size, runs: entry.runs });
	}
	for (const group of groups.values()) group.sizes.sort((a, b) => sizeBytes(a.size) - sizeBytes(b.size));
	return [...groups.values()];
}

function drawMedians(svg, sizes, index, x, y) {
	let path = "";
	sizes.forEach(({ runs }, i) => {
		if (runs[index] && runs[index].percentiles.p50.carried)
			path += `M${x(i) + 1} ${y(placeOf(runs[index].percentiles.p50.ns)).toFixed(1)}H${x(i + 1) - 1}`;
	});
	svg.append(draw("path", { class: "median", d: path }), draw("path", { class: "median", d: path }));
}

function paintSizes(sizes, index, span, scale, width) {
	const svg = makeSvg(width, SIZE_HEIGHT), bottom = SIZE_HEIGHT - PLOT_BOTTOM, height = bottom - PLOT_TOP;
	const plot = width - PLOT_LEFT - PLOT_RIGHT, y = drawDurationAxis(svg, span, width, PLOT_TOP, height);
	const x = (i) => Math.round(PLOT_LEFT + plot * i / sizes.length), ny = span[1] - span[0], every = Math.ceil(sizes.length * 62 / plot);
	const counts = sizes.map(({ runs }) => runs[index] ? groupSlots(runs[index].slot_counts, SLOTS_PER_ROW / 2) : new Map());
	const box = (i, j) => {
		const top = Math.round(y(span[0] + j + 1));
		return [x(i), top, x(i + 1) - x(i), Math.round(y(span[0] + j)) - top];
	};
	drawCells(svg, counts.flatMap((groups, i) => [...groups].map(([halfRow, n]) => [scale.level(n), ...box(i, halfRow - span[0])])));
	drawMedians(svg, sizes, index, x, y);
	svg.append(draw("line", { x1: PLOT_LEFT, x2: width - PLOT_RIGHT, y1: bottom + 0.5, y2: bottom + 0.5, class: "axis" }));
	sizes.forEach(({ size }, i) => {
		if (i % every === 0) svg.append(textAt((x(i) + x(i + 1)) / 2, bottom + 17, shown(size.split("-")[0]), "middle"));
	});
	const tell = (i, j) => {
		const series = sizes[i].runs[index], n = counts[i].get(span[0] + j) || 0;
		return shown(sizes[i].size) + "\n" + rangeText(span[0] + j, span[0] + j + 1) + "\n" + (series ? count(n) + " of " + count(series.count) +
			(n ? ", " + percent(n, series.count) : "") + "\np50 " + percentileText(series.percentiles.p50) + ", p99 " + percentileText(series.percentiles.p99) : "none");
	};
	const grid = {
		nx: sizes.length, ny, box, tell, start: [0, Math.max(0, ([...counts[0].keys()][0] || span[0]) - span[0])],
		at: (px, py) => px >= PLOT_LEFT && px < width - PLOT_RIGHT && py >= PLOT_TOP && py < bottom ?
			[Math.floor((px - PLOT_LEFT) / plot * sizes.length), Math.floor((bottom - py) / height * ny)] : null,
	};
	return { svg, grid };
}

function showSizes(entries) {
	const groups = collectSizes(entries);
	byId("sizes").hidden = !groups.length;
	for (const { title, sizes } of groups) {
		const values = [], places = [];
		for (const { runs } of sizes)
			for (const series of runs)
				if (series) for (const [halfRow, n] of groupSlots(series.slot_counts, SLOTS_PER_ROW / 2)) {
					values.push(n);
					places.push(halfRow);
				}
		const scale = makeScale(values), boxes = make("div", { class: "runs" }), legend = makeLegend(scale, "operations in a cell", (n) => rate(Math.round(n)));
		legend.append(make("span", null, draw("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" },
			draw("path", { class: "median", d: "M3 5H23" }), draw("path", { class: "median", d: "M3 5H23" })), "p50"));
		byId("size-charts").append(make("h3", { class: "text", dir: "ltr" }, title), legend, boxes);
		RUNS.forEach((_, index) => {
			if (!sizes.some(({ runs }) => runs[index])) return;
			const box = runBox(index);
			boxes.append(box);
			addChart(box, "Latency by size of " + title, (width) => paintSizes(sizes, index, spanOf(places), scale, width));
		});
	}
}
