// SPDX-License-Identifier: MIT
// What all charts share: drawn anew for each width, axes, colours by count, and a cursor for pointers and keys.
"use strict";

const N_LEVELS = 10;
const PLOT_LEFT = 56,
	PLOT_RIGHT = 14,
	PLOT_TOP = 10,
	PLOT_BOTTOM = 24;
const PRINT_WIDTH = 680;
const TIME_STEPS = [
	1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600,
	7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000,
];
const charts = new Set();

// A chart in NODE: PAINT(width) returns {svg, grid}. GRID may be explored: {nx, ny, at(x, y) -> [i, j], box(i, j) ->
// [x, y, w, h], tell(i, j) -> text, start: [i, j]}; j counts from the bottom.
function addChart(parent, label, paint) {
	const node = make("div", { class: "chart" });
	parent.append(node);
	const chart = { node, width: 0 };
	chart.render = (width) => {
		if (!width || Math.abs(width - chart.width) < 1) return;
		chart.width = width;
		const { svg, grid } = paint(width);
		fill(
			svg,
			{ "aria-label": label, role: "application", "aria-roledescription": "chart", tabindex: 0 },
			[],
		);
		node.replaceChildren(svg);
		explore(svg, grid);
	};
	charts.add(chart);
	resizes.observe(node);
	chart.render(node.clientWidth);
}

const resizes = new ResizeObserver((entries) => {
	for (const chart of charts) {
		if (!chart.node.isConnected) charts.delete(chart);
		else if (entries.some((entry) => entry.target === chart.node)) chart.render(chart.node.clientWidth);
	}
});
addEventListener("beforeprint", () => {
	for (const chart of charts) chart.render(Math.min(chart.node.clientWidth, PRINT_WIDTH));
});
addEventListener("afterprint", () => {
	for (const chart of charts) chart.render(chart.node.clientWidth);
});

const KEY_STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// Where a key leads to from [i, j]; null when it leads nowhere.
function stepOf(event, [i, j], { nx, ny }) {
	const clamp = (value, n) => Math.max(0, Math.min(n - 1, value));
	if (event.key === "Home") return [0, j];
	if (event.key === "End") return [nx - 1, j];
	const step = KEY_STEPS[event.key],
		length = event.shiftKey ? 10 : 1;
	return step ? [clamp(i + length * step[0], nx), clamp(j + length * step[1], ny)] : null;
}

// Marks the cell that is pointed at or stepped to, and says what it is.
function explore(svg, grid) {
	const mark = draw(
		"g",
		{ visibility: "hidden" },
		draw("rect", { class: "halo" }),
		draw("rect", { class: "mark" }),
	);
	let at = grid.start;
	const scale = () => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
	const show = (cell, x, y) => {
		const [left, top, width, height] = grid.box(...cell);
		at = cell;
		for (const rect of mark.children)
			fill(rect, { x: left - 1.5, y: top - 1.5, width: width + 3, height: height + 3 }, []);
		mark.setAttribute("visibility", "visible");
		const box = svg.getBoundingClientRect();
		showTip(
			grid.tell(...cell),
			x === undefined ? box.left + (left + width) * scale() : x,
			y === undefined ? box.top + (top + height / 2) * scale() : y,
		);
	};
	const hide = () => {
		mark.setAttribute("visibility", "hidden");
		hideTip();
	};
	const point = (event) => {
		const box = svg.getBoundingClientRect();
		const cell = grid.at((event.clientX - box.left) / scale(), (event.clientY - box.top) / scale());
		if (cell) show(cell, event.clientX, event.clientY);
		else hide();
	};
	svg.append(mark);
	for (const name of ["pointermove", "pointerdown"]) svg.addEventListener(name, point);
	for (const name of ["pointerleave", "blur"]) svg.addEventListener(name, hide);
	svg.addEventListener("focus", () => {
		if (svg.matches(":focus-visible")) show(at);
	});
	svg.addEventListener("keydown", (event) => {
		const cell = stepOf(event, at, grid);
		if (event.key === "Escape") hide();
		if (!cell) return;
		event.preventDefault();
		show(cell);
	});
}

// Whether a point is between the axes, of which the lower one is at BOTTOM.
function isInPlot(x, y, width, bottom) {
	return x >= PLOT_LEFT && x < width - PLOT_RIGHT && y >= PLOT_TOP && y < bottom;
}

function makeSvg(width, height) {
	return draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height });
}

function textAt(x, y, text, kind) {
	return draw("text", { x, y, class: kind }, text);
}

// The half rows that have something in them, and one more on each side: [low, high).
function spanOf(places) {
	let low = Infinity,
		high = -Infinity;
	for (const place of places) {
		low = Math.min(low, Math.floor(place));
		high = Math.max(high, Math.floor(place) + 1);
	}
	return low < high ? [Math.max(0, low - 1), Math.min(TOP_PLACE, high + 1)] : [20, 40];
}

// Durations to label between two places, nice numbers, at most MAX of them.
function durationTicks([low, high], max) {
	for (const steps of [[1, 2, 5], [1, 3], [1]]) {
		const ticks = [];
		for (let decade = 1; decade < 1e12; decade *= 10)
			for (const step of steps)
				if (placeOf(step * decade) > low && placeOf(step * decade) < high)
					ticks.push(step * decade);
		if (ticks.length <= max) return ticks;
		if (steps.length === 1) return ticks.filter((_, index) => index % Math.ceil(ticks.length / max) === 0);
	}
	return [];
}

function tickText(ns) {
	return duration(ns).replace(/\.0+(?=\D)/, "");
}

function drawDurationAxis(svg, span, width, top, height) {
	const y = (place) => top + height * (1 - (place - span[0]) / (span[1] - span[0]));
	// Room for the time axis' own first label.
	for (const ns of durationTicks([span[0] + 0.3, span[1]], height / 22)) {
		const at = Math.round(y(placeOf(ns))) + 0.5;
		svg.append(
			draw("line", { x1: PLOT_LEFT, x2: width - PLOT_RIGHT, y1: at, y2: at, class: "grid" }),
			textAt(PLOT_LEFT - 6, at + 3.5, tickText(ns), "end"),
		);
	}
	return y;
}

// START_MS is the run's; the axis shows [FROM, TO] ms from there. What it returns leads from such ms to x, and back.
function drawTimeAxis(svg, startMs, [from, to], width, bottom) {
	const plot = width - PLOT_LEFT - PLOT_RIGHT,
		x = (ms) => PLOT_LEFT + (plot * (ms - from)) / (to - from);
	const step = 1000 * (TIME_STEPS.find((s) => (1000 * s * plot) / (to - from) >= 76) || (to - from) / 4000);
	svg.append(
		draw("line", {
			x1: PLOT_LEFT,
			x2: width - PLOT_RIGHT,
			y1: bottom + 0.5,
			y2: bottom + 0.5,
			class: "axis",
		}),
	);
	for (let ms = Math.ceil((startMs + from) / step) * step; ms <= startMs + to; ms += step) {
		const at = Math.round(x(ms - startMs)) + 0.5,
			text = clock(ms, step < 1000 ? 3 : 0);
		const label = step >= 86400000 ? text.slice(0, 10) : text.slice(11, step >= 60000 ? 16 : undefined);
		svg.append(draw("line", { x1: at, x2: at, y1: bottom, y2: bottom + 5, class: "axis" }));
		if (at > PLOT_LEFT + 16 && at < width - 24) svg.append(textAt(at, bottom + 17, label, "middle"));
	}
	svg.append(textAt(PLOT_LEFT - 6, bottom + 17, "UTC", "end unit"));
	return [x, (px) => from + ((px - PLOT_LEFT) / plot) * (to - from)];
}

// Levels of colour from the least to the most, each as many times the one before.
function makeScale(values) {
	let low = Infinity,
		high = 0;
	for (const value of values)
		if (value > 0) {
			low = Math.min(low, value);
			high = Math.max(high, value);
		}
	const ratio = high > low ? Math.log(high / low) : 0;
	return {
		low,
		high,
		// Joined columns may lie a little beyond.
		level: (value) =>
			ratio
				? Math.max(
						0,
						Math.min(
							N_LEVELS - 1,
							Math.floor((N_LEVELS * Math.log(value / low)) / ratio),
						),
					)
				: N_LEVELS - 3,
		edge: (level) => low * Math.exp((ratio * level) / N_LEVELS),
	};
}

// What a mark in a chart stands for.
function makeSwatch(text, ...shapes) {
	return make("span", null, draw("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, ...shapes), text);
}

function makeLegend(scale, what, showValue) {
	const row = make("span", { class: "scale" }),
		isRange = scale.high > scale.low;
	for (let level = 0; isRange && level < N_LEVELS; level++) {
		row.append(make("i", { class: "h" + level }));
		row.append(make("span", null, level % 2 ? "" : showValue(scale.edge(level))));
	}
	if (!isRange) row.append(make("i", { class: "h" + scale.level(scale.low) }));
	const to = (isRange ? "to " : "") + showValue(scale.high);
	return make("div", { class: "legend" }, make("span", null, what), row, make("span", null, to));
}

// A path for each level; CELLS are [level, x, y, width, height].
function drawCells(svg, cells) {
	const paths = Array.from({ length: N_LEVELS }, () => []);
	for (const [level, x, y, width, height] of cells) paths[level].push(`M${x} ${y}h${width}v${height}h${-width}z`);
	paths.forEach((path, level) => {
		if (path.length) svg.append(draw("path", { class: "cells h" + level, d: path.join("") }));
	});
}
