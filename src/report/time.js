// SPDX-License-Identifier: MIT
// The course of one series over time: a heat map of latencies with outliers on it, percentile lines, operations a second.
"use strict";

const HEAT_HEIGHT = 300, LINES_HEIGHT = 220, RATE_HEIGHT = 56;
const MIN_COLUMN = 1.5;
const LINE_NAMES = ["p50", "p90", "p99", "p99.9", "max"];

// Columns of a run, N_JOINED recorded ones in each: {start, elapsed} in ms, and for the series {cells: Map, total}.
function joinColumns(run, heat, nJoined) {
	const { start_ms: starts, elapsed_ms: elapsed } = run.columns;
	const joined = [];
	heat.forEach((column, index) => {
		if (index % nJoined === 0) joined.push({ start: starts[index], elapsed: 0, end: 0, cells: new Map(), total: 0 });
		const into = joined.at(-1);
		into.elapsed += elapsed[index];
		into.end = starts[index] + elapsed[index];
		if (!column) return;
		column.counts.forEach((n, place) => {
			if (n) into.cells.set(column.first + place, (into.cells.get(column.first + place) || 0) + n);
			into.total += n;
		});
	});
	return joined;
}

function timeSpan(run) {
	const { start_ms: starts, elapsed_ms: elapsed } = run.columns;
	const from = Math.min(0, ...starts), to = Math.max(...starts.map((start, index) => start + elapsed[index]));
	return [from, Math.max(from + 1, to)];
}

function columnName(run, column) {
	const ms = run.start_realtime_ns / 1e6 + column.start;
	return clock(ms, column.elapsed < 1000 ? 3 : 0).slice(11) + " UTC, " + elapsedText(column.elapsed / 1000);
}

// The outliers of the series: those that have the labels which both have.
function outliersOf(run, labels) {
	if (!run.outliers) return [];
	const names = run.outliers.labels;
	return run.outliers.rows.map((row) => ({ ms: row[0] / 1000, ns: row[1], row })).filter(({ row }) =>
		names.every((name, index) => !(name in labels) || row[6 + index] === null || row[6 + index] === labels[name]));
}

function heatTip(run, column, halfRow, points) {
	const n = column.cells.get(halfRow) || 0;
	const lines = [rangeText(halfRow, halfRow + 1), columnName(run, column)];
	lines.push(count(n) + " of " + count(column.total) + (n ? ", " + percent(n, column.total) : ""));
	const here = points.filter((one) => Math.floor(placeOf(one.ns)) === halfRow && one.ms >= column.start && one.ms < column.end);
	for (const one of here.slice(0, 3)) {
		const name = run.outliers.labels.indexOf("comm");
		lines.push("outlier: " + duration(one.ns) + (name < 0 ? "" : ", " + shown(one.row[6 + name])) + ", pid " + one.row[4]);
	}
	if (here.length > 3) lines.push("and " + (here.length - 3) + " outliers more");
	return lines.join("\n");
}

function drawPoints(svg, points, x, y) {
	for (const one of points)
		svg.append(draw("circle", { class: "point", cx: x(one.ms).toFixed(1), cy: y(placeOf(one.ns)).toFixed(1), r: 3 }));
}

// The column that is at MS, or the one before.
function columnAt(columns, ms) {
	let index = 0;
	while (index + 1 < columns.length && columns[index + 1].start <= ms) index++;
	return index;
}

function paintHeat(run, heat, points, span, scale, value, width) {
	const bottom = HEAT_HEIGHT - PLOT_BOTTOM, height = bottom - PLOT_TOP, svg = makeSvg(width, HEAT_HEIGHT);
	const [from, to] = timeSpan(run), plot = width - PLOT_LEFT - PLOT_RIGHT;
	const columns = joinColumns(run, heat, Math.max(1, Math.ceil(heat.length * MIN_COLUMN / plot)));
	const y = drawDurationAxis(svg, span, width, PLOT_TOP, height);
	const x = drawTimeAxis(svg, run.start_realtime_ns / 1e6, from, to, width, bottom);
	const box = (i, j) => {
		const left = Math.round(x(columns[i].start)), top = Math.round(y(span[0] + j + 1));
		return [left, top, Math.max(1, Math.round(x(columns[i].end)) - left), Math.round(y(span[0] + j)) - top];
	};
	const cells = [];
	columns.forEach((column, i) => {
		for (const [halfRow, n] of column.cells) cells.push([scale.level(value(n, column)), ...box(i, halfRow - span[0])]);
	});
	drawCells(svg, cells);
	drawPoints(svg, points, x, y);
	const ny = span[1] - span[0], middle = Math.floor(columns.length / 2);
	const fullest = [...columns[middle].cells].reduce((best, one) => one[1] > best[1] ? one : best, [span[0], 0])[0] - span[0];
	const grid = {
		nx: columns.length, ny, box, start: [middle, fullest],
		at: (px, py) => px >= PLOT_LEFT && px <= width - PLOT_RIGHT && py >= PLOT_TOP && py < bottom ?
			[columnAt(columns, from + (px - PLOT_LEFT) / plot * (to - from)), Math.floor((bottom - py) / height * ny)] : null,
		tell: (i, j) => heatTip(run, columns[i], span[0] + j, points),
	};
	return { svg, grid };
}

// Segments between gaps; a lonely point is a short one, which round ends make a dot.
function linePath(points) {
	let path = "", isDown = false;
	for (const [x, y] of points) {
		if (y === null) {
			isDown = false;
			continue;
		}
		path += (isDown ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1) + (isDown ? "" : "h0.1");
		isDown = true;
	}
	return path;
}

function drawRate(svg, columns, x, top, maxRate) {
	const bottom = top + RATE_HEIGHT, path = [`M${x(columns[0].start).toFixed(1)} ${bottom}`];
	for (const column of columns) {
		const y = bottom - RATE_HEIGHT * (column.elapsed ? 1000 * column.total / column.elapsed / maxRate : 0);
		path.push(`L${x(column.start).toFixed(1)} ${y.toFixed(1)}H${x(column.end).toFixed(1)}`);
	}
	path.push(`V${bottom}z`);
	svg.append(draw("path", { class: "area", d: path.join("") }), textAt(PLOT_LEFT - 6, top + 9, rate(maxRate) + "/s", "end"),
		textAt(PLOT_LEFT - 6, bottom, "0", "end"));
}

function paintLines(run, series, heat, span, maxRate, width) {
	const bottom = LINES_HEIGHT - PLOT_BOTTOM, height = bottom - PLOT_TOP, total = LINES_HEIGHT + RATE_HEIGHT + 12;
	const svg = makeSvg(width, total), [from, to] = timeSpan(run), columns = joinColumns(run, heat, 1);
	const y = drawDurationAxis(svg, span, width, PLOT_TOP, height);
	const x = drawTimeAxis(svg, run.start_realtime_ns / 1e6, from, to, width, bottom);
	const middle = (column) => x((column.start + column.end) / 2);
	LINE_NAMES.forEach((name, index) => {
		const values = series.lines[name];
		const path = linePath(columns.map((column, i) => [middle(column), values[i] === null ? null : y(placeOf(values[i]))]));
		svg.append(draw("path", { class: "line l" + index, d: path }));
	});
	drawRate(svg, columns, x, LINES_HEIGHT + 6, maxRate);
	const grid = {
		nx: columns.length, ny: 1, start: [Math.floor(columns.length / 2), 0],
		box: (i) => [x(columns[i].start), PLOT_TOP, Math.max(1, x(columns[i].end) - x(columns[i].start)), total - PLOT_TOP],
		at: (px) => px >= PLOT_LEFT && px <= width - PLOT_RIGHT ?
			[columnAt(columns, from + (px - PLOT_LEFT) / (width - PLOT_LEFT - PLOT_RIGHT) * (to - from)), 0] : null,
		tell: (i) => [columnName(run, columns[i]),
			count(columns[i].total) + " operations, " + rate(columns[i].elapsed ? 1000 * columns[i].total / columns[i].elapsed : 0) + "/s",
			...[...LINE_NAMES].reverse().filter((name) => series.lines[name][i] !== null)
				.map((name) => name + "  " + (name === "max" ? "at most " : "") + duration(series.lines[name][i]))].join("\n"),
	};
	return { svg, grid };
}

function lineLegend() {
	byId("line-legend").replaceChildren(...LINE_NAMES.map((name, index) => make("span", null,
		draw("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, draw("path", { class: "line l" + index, d: "M1 5H25" })), name)),
	make("span", null, "below: operations a second"));
}

// What of ENTRY was recorded over time: of each run {run, index, series, heat, points}.
function timeParts(entry) {
	return RUNS.map((run, index) => ({ run, index, series: entry.runs[index] })).filter(({ series }) => series && series.heat)
		.map((part) => ({ ...part, heat: unpackHeat(part.series.heat), points: outliersOf(part.run, entry.labels) }));
}

function timeNote(parts) {
	const { columns, n_intervals: nIntervals } = parts[0].run, first = parts[0].run.columns.elapsed_ms[0] / 1000;
	const joined = columns.n_summed > 1 ? `, ${columns.n_summed} of the ${count(nIntervals)} recorded intervals in each` : "";
	return `${count(columns.start_ms.length)} columns of ${elapsedText(first)}${joined}. ` +
		"Point at a cell, or focus the chart and use the arrow keys (with shift: ten at a time).";
}

// Both runs on the same scales, or nothing could be compared. Those with other intervals need counts a second.
function showTime(entry) {
	const parts = timeParts(entry);
	byId("chosen-time").hidden = !parts.length;
	byId("no-time").hidden = parts.length > 0;
	if (!parts.length) {
		byId("no-time").textContent = RUNS.some((run) => run.n_intervals) ? "The course over time is kept of the series with the largest total time, and this is none of them." :
			"Nothing over time: this was recorded without intervals (-i 1 -o FILE.jsonl).";
		return;
	}
	const value = IS_PAIR ? (n, column) => 1000 * n / Math.max(1, column.elapsed) : (n) => n;
	const values = [], places = [];
	let maxRate = 0;
	for (const { run, heat, points } of parts) {
		for (const column of joinColumns(run, heat, 1)) {
			if (column.elapsed) maxRate = Math.max(maxRate, 1000 * column.total / column.elapsed);
			for (const [halfRow, n] of column.cells) {
				values.push(value(n, column));
				places.push(halfRow);
			}
		}
		for (const one of points) places.push(placeOf(one.ns));
	}
	const span = spanOf(places), scale = makeScale(values);
	byId("time-note").textContent = timeNote(parts);
	byId("heat-legend").replaceChildren(makeLegend(scale, IS_PAIR ? "operations a second in a cell" : "operations in a cell",
		IS_PAIR ? (n) => rate(Number(n.toPrecision(3))) : (n) => rate(Math.round(n))));
	if (parts.some(({ points }) => points.length))
		byId("heat-legend").firstChild.append(make("span", null,
			draw("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, draw("circle", { class: "point", cx: 13, cy: 5, r: 4 })), "outlier"));
	lineLegend();
	byId("heat").replaceChildren();
	byId("lines").replaceChildren();
	for (const { run, index, series, heat, points } of parts) {
		const name = entry.title + (IS_PAIR ? ", run " + RUN_NAMES[index] : "");
		const [left, right] = [runBox(index), runBox(index)];
		byId("heat").append(left);
		byId("lines").append(right);
		addChart(left, "Latency over time of " + name, (width) => paintHeat(run, heat, points, span, scale, value, width));
		addChart(right, "Percentiles over time of " + name, (width) => paintLines(run, series, heat, span, maxRate || 1, width));
	}
}
