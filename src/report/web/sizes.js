// SPDX-License-Identifier: MIT
// Latency by size: a heat map for each operation that was recorded by size.
"use strict";

const SIZE_HEIGHT = 280,
	SIZE_LABEL = 62;

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

function sizeTip({ size, runs }, index, halfRow, n) {
	const lines = [shown(size), rangeText(halfRow, halfRow + 1)],
		series = runs[index];
	if (series) {
		const { p50, p99 } = series.percentiles;
		lines.push(ofAll(n, series.count), `p50 ${percentileText(p50)}, p99 ${percentileText(p99)}`);
	}
	return lines.join("\n");
}

function drawSizeAxis(svg, sizes, x, width, bottom) {
	const every = Math.ceil((sizes.length * SIZE_LABEL) / (width - PLOT_LEFT - PLOT_RIGHT)),
		y = bottom + 0.5;
	svg.append(draw("line", { x1: PLOT_LEFT, x2: width - PLOT_RIGHT, y1: y, y2: y, class: "axis" }));
	sizes.forEach(({ size }, i) => {
		const from = shown(size.split("-")[0]);
		if (i % every === 0) svg.append(textAt((x(i) + x(i + 1)) / 2, bottom + 17, from, "middle"));
	});
}

function halfRowsOf(series) {
	return series ? groupSlots(series.slot_counts, SLOTS_PER_ROW / 2) : new Map();
}

function paintSizes(sizes, index, span, scale, width) {
	const svg = makeSvg(width, SIZE_HEIGHT),
		bottom = SIZE_HEIGHT - PLOT_BOTTOM,
		height = bottom - PLOT_TOP,
		plot = width - PLOT_LEFT - PLOT_RIGHT,
		ny = span[1] - span[0];
	const y = drawDurationAxis(svg, span, width, PLOT_TOP, height);
	const x = (i) => Math.round(PLOT_LEFT + (plot * i) / sizes.length);
	const counts = sizes.map(({ runs }) => halfRowsOf(runs[index]));
	const box = (i, j) => {
		const top = Math.round(y(span[0] + j + 1));
		return [x(i), top, x(i + 1) - x(i), Math.round(y(span[0] + j)) - top];
	};
	const cellsOf = (groups, i) =>
		[...groups].map(([halfRow, n]) => [scale.level(n), ...box(i, halfRow - span[0])]);
	drawCells(svg, counts.flatMap(cellsOf));
	drawMedians(svg, sizes, index, x, y);
	drawSizeAxis(svg, sizes, x, width, bottom);
	const column = (px) => Math.min(sizes.length - 1, Math.floor(((px - PLOT_LEFT) / plot) * sizes.length));
	const row = (py) => Math.min(ny - 1, Math.floor(((bottom - py) / height) * ny));
	const grid = {
		nx: sizes.length,
		ny,
		box,
		start: [0, Math.floor(ny / 2)],
		at: (px, py) => (isInPlot(px, py, width, bottom) ? [column(px), row(py)] : null),
		tell: (i, j) => sizeTip(sizes[i], index, span[0] + j, counts[i].get(span[0] + j) || 0),
	};
	return { svg, grid };
}

function showSizeGroup({ title, sizes }) {
	const cells = sizes.flatMap(({ runs }) => runs.flatMap((series) => [...halfRowsOf(series)]));
	const scale = makeScale(cells.map(([, n]) => n)),
		span = spanOf(cells.map(([halfRow]) => halfRow)),
		boxes = make("div", { class: "runs" }),
		legend = makeLegend(scale, "operations in a cell", (n) => rate(Math.round(n)));
	const stroke = () => draw("path", { class: "median", d: "M3 5H23" });
	legend.append(makeSwatch("p50", stroke(), stroke()));
	byId("size-charts").append(make("h3", { class: "text", dir: "ltr" }, title), legend, boxes);
	RUNS.forEach((_, index) => {
		if (!sizes.some(({ runs }) => runs[index])) return;
		const box = runBox(index);
		boxes.append(box);
		addChart(box, "Latency by size of " + title, (width) => paintSizes(sizes, index, span, scale, width));
	});
}

function showSizes(entries) {
	const groups = collectSizes(entries);
	byId("sizes").hidden = !groups.length;
	groups.forEach(showSizeGroup);
}
