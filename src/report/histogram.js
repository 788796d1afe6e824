// SPDX-License-Identifier: MIT
// Histograms of all series, and latency by size.
"use strict";

const CARD_HEIGHT = 150, SIZE_HEIGHT = 280;
const CARDS_AT_FIRST = 24;
const SLOTS_PER_ROW = 16;

function paintHistogram(entry, span, width) {
	const svg = makeSvg(width, CARD_HEIGHT), bottom = CARD_HEIGHT - PLOT_BOTTOM, left = 2, plot = width - 4;
	const rows = entry.runs.map((series) => series && groupSlots(series.slot_counts, SLOTS_PER_ROW));
	const share = (index, row) => rows[index] ? (rows[index].get(row) || 0) / entry.runs[index].count : 0;
	const nRows = span[1] - span[0], x = (row) => left + plot * (row - span[0]) / nRows;
	let most = 0;
	rows.forEach((groups, index) => groups && groups.forEach((_, row) => { most = Math.max(most, share(index, row)); }));
	const y = (part) => bottom - (bottom - 14) * part / most;
	svg.append(draw("line", { x1: left, x2: left + plot, y1: bottom + 0.5, y2: bottom + 0.5, class: "axis" }));
	for (const ns of [1, 1e3, 1e6, 1e9]) {
		const at = x(placeOf(ns) / 2);
		if (at < left || at > left + plot - 20) continue;
		svg.append(draw("line", { x1: at, x2: at, y1: 4, y2: bottom + 5, class: "grid" }), textAt(at, bottom + 17, duration(ns), "middle"));
	}
	for (let row = span[0]; rows[0] && row < span[1]; row++) {
		const part = share(0, row), height = Math.max(part ? 1 : 0, bottom - y(part));
		if (part) svg.append(draw("rect", { class: "bars0", x: x(row) + 0.5, y: bottom - height, width: Math.max(1, plot / nRows - 1), height }));
	}
	if (rows[1]) {
		let path = `M${left} ${bottom}`;
		for (let row = span[0]; row < span[1]; row++) path += `L${x(row)} ${Math.min(y(share(1, row)), bottom - (share(1, row) ? 1 : 0))}H${x(row + 1)}`;
		svg.append(draw("path", { class: "bars1", d: path + `V${bottom}` }));
	}
	const tell = (i) => {
		const row = span[0] + i, lines = [rangeText(2 * row, 2 * row + 2)];
		rows.forEach((groups, index) => {
			const n = groups && groups.get(row) || 0;
			lines.push((IS_PAIR ? RUN_NAMES[index] + ": " : "") + count(n) + (n ? ", " + percent(n, entry.runs[index].count) : ""));
		});
		return lines.join("\n");
	};
	const first = rows.find(Boolean), fullest = [...first].reduce((best, one) => one[1] > best[1] ? one : best)[0];
	const grid = {
		nx: nRows, ny: 1, start: [fullest - span[0], 0], tell,
		box: (i) => [x(span[0] + i), 4, plot / nRows, bottom - 4],
		at: (px, py) => px >= left && px < left + plot && py < bottom + 6 ? [Math.floor((px - left) / plot * nRows), 0] : null,
	};
	return { svg, grid };
}

function makeCard(entry, span) {
	const card = make("div", { class: "card" }, make("h3", { class: "text", dir: "ltr" }, entry.title));
	entry.runs.forEach((series, index) => {
		if (!series) return;
		const { p50, p99 } = series.percentiles;
		card.append(make("p", null, (IS_PAIR ? RUN_NAMES[index] + ": " : "") + count(series.count) + " ops, p50 " + percentileText(p50) +
			", p99 " + percentileText(p99) + ", max " + duration(series.max_ns)));
	});
	addChart(card, "Histogram of " + entry.title, (width) => paintHistogram(entry, span, width));
	return card;
}

function showHistograms(entries) {
	const rows = entries.flatMap((entry) => entry.runs.flatMap((series) =>
		series ? Object.keys(series.slot_counts).map((slot) => Math.floor(slot / SLOTS_PER_ROW)) : []));
	let low = Infinity, high = 0;
	for (const row of rows) {
		low = Math.min(low, row);
		high = Math.max(high, row + 1);
	}
	const cards = byId("histogram-cards"), addAll = (list) => { for (const entry of list) cards.append(makeCard(entry, [low, high])); };
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
