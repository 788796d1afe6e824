// SPDX-License-Identifier: MIT
// The course of one series over time: heat map of latencies with outliers on it, percentile lines, operations a second.
"use strict";

const HEAT_HEIGHT = 300,
	LINES_HEIGHT = 220,
	RATE_HEIGHT = 56;
const MIN_COLUMN = 1.5;
const OUTLIERS_IN_TIP = 3;
const LINE_NAMES = ["p50", "p90", "p99", "p99.9", "max"];

// Columns of a run, N_JOINED recorded ones in each, for the series whose counts are HEAT:
// {start, end, elapsed} in ms, nJoined, cells: a Map from half row to count, and total.
function joinColumns(run, heat, nJoined) {
	const { start_ms: starts, elapsed_ms: elapsed } = run.columns;
	const joined = [];
	heat.forEach((column, index) => {
		if (index % nJoined === 0)
			joined.push({
				start: starts[index],
				end: 0,
				elapsed: 0,
				nJoined: 0,
				cells: new Map(),
				total: 0,
			});
		const into = joined.at(-1);
		into.nJoined++;
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

function rateOf(column) {
	return column.elapsed ? (1000 * column.total) / column.elapsed : 0;
}

function timeSpan(run) {
	const { start_ms: starts, elapsed_ms: elapsed } = run.columns;
	const from = Math.min(0, ...starts),
		to = Math.max(...starts.map((start, index) => start + elapsed[index]));
	return [from, Math.max(from + 1, to)];
}

function columnName(run, column) {
	const ms = run.start_realtime_ns / 1e6 + column.start;
	return clock(ms, column.elapsed < 1000 ? 3 : 0).slice(11) + " UTC, " + elapsedText(column.elapsed / 1000);
}

// The outliers of the series: those that have the labels which both have.
function outliersOf(run, labels) {
	if (!run.outliers) return [];
	const isOfSeries = (row) =>
		Object.entries(labels).every(([name, value]) => (outlierLabel(run, row, name) ?? value) === value);
	return run.outliers.rows.filter(isOfSeries).map((row) => ({ ms: row[0] / 1000, ns: row[1], row }));
}

function outlierText(run, { ns, row }) {
	const comm = outlierLabel(run, row, "comm");
	return `outlier: ${duration(ns)}${comm ? ", " + shown(comm) : ""}, pid ${row[4]}`;
}

function heatTip(run, column, halfRow, points) {
	const here = points.filter(
		({ ns, ms }) => Math.floor(placeOf(ns)) === halfRow && ms >= column.start && ms < column.end,
	);
	const n = column.cells.get(halfRow) || 0,
		share = n ? ", " + percent(n, column.total) : "";
	return [
		rangeText(halfRow, halfRow + 1),
		columnName(run, column),
		`${count(n)} of ${count(column.total)}${share}`,
		...here.slice(0, OUTLIERS_IN_TIP).map((one) => outlierText(run, one)),
		...(here.length > OUTLIERS_IN_TIP ? [`and ${here.length - OUTLIERS_IN_TIP} outliers more`] : []),
	].join("\n");
}

function drawPoints(svg, points, x, y) {
	for (const { ms, ns } of points) {
		const place = { cx: x(ms).toFixed(1), cy: y(placeOf(ns)).toFixed(1) };
		svg.append(draw("circle", { class: "point", r: 3, ...place }));
	}
}

// The column that is at MS, or the one before.
function columnAt(columns, ms) {
	let index = 0;
	while (index + 1 < columns.length && columns[index + 1].start <= ms) index++;
	return index;
}

// The cell to begin with: the one with most, of the column in the middle.
function fullestCell(columns, low) {
	const middle = Math.floor(columns.length / 2),
		cells = [...columns[middle].cells, [low, 0]];
	return [middle, cells.reduce((best, one) => (one[1] > best[1] ? one : best))[0] - low];
}

function paintHeat(run, heat, points, span, scale, width) {
	const bottom = HEAT_HEIGHT - PLOT_BOTTOM,
		height = bottom - PLOT_TOP,
		svg = makeSvg(width, HEAT_HEIGHT),
		ny = span[1] - span[0],
		nJoined = Math.ceil((heat.length * MIN_COLUMN) / (width - PLOT_LEFT - PLOT_RIGHT)),
		columns = joinColumns(run, heat, Math.max(1, nJoined));
	const y = drawDurationAxis(svg, span, width, PLOT_TOP, height);
	const [x, msAt] = drawTimeAxis(svg, run.start_realtime_ns / 1e6, timeSpan(run), width, bottom);
	const box = (i, j) => {
		const left = Math.round(x(columns[i].start)),
			top = Math.round(y(span[0] + j + 1));
		return [left, top, Math.max(1, Math.round(x(columns[i].end)) - left), Math.round(y(span[0] + j)) - top];
	};
	const cellsOf = (column, i) =>
		[...column.cells].map(([place, n]) => [scale.level(cellValue(n, column)), ...box(i, place - span[0])]);
	drawCells(svg, columns.flatMap(cellsOf));
	drawPoints(svg, points, x, y);
	const row = (py) => Math.min(ny - 1, Math.floor(((bottom - py) / height) * ny));
	const grid = {
		nx: columns.length,
		ny,
		box,
		start: fullestCell(columns, span[0]),
		at: (px, py) => (isInPlot(px, py, width, bottom) ? [columnAt(columns, msAt(px)), row(py)] : null),
		tell: (i, j) => heatTip(run, columns[i], span[0] + j, points),
	};
	return { svg, grid };
}

// Segments between gaps; a lonely point is a short one, which round ends make a dot.
function linePath(points) {
	let path = "",
		isDown = false;
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
	const bottom = top + RATE_HEIGHT,
		path = [`M${x(columns[0].start).toFixed(1)} ${bottom}`];
	for (const column of columns) {
		const y = bottom - RATE_HEIGHT * (rateOf(column) / maxRate);
		path.push(`L${x(column.start).toFixed(1)} ${y.toFixed(1)}H${x(column.end).toFixed(1)}`);
	}
	path.push(`V${bottom}z`);
	svg.append(
		draw("path", { class: "area", d: path.join("") }),
		textAt(PLOT_LEFT - 6, top + 9, rate(maxRate) + "/s", "end"),
		textAt(PLOT_LEFT - 6, bottom, "0", "end"),
	);
}

function lineTip(run, column, lines, i) {
	const names = LINE_NAMES.filter((name) => lines[name][i] !== null).reverse();
	const values = names.map((name) => `${name}  ${name === "max" ? "at most " : ""}${duration(lines[name][i])}`);
	const sum = `${count(column.total)} operations, ${rate(rateOf(column))}/s`;
	return [columnName(run, column), sum, ...values].join("\n");
}

function paintLines(run, { lines }, heat, span, maxRate, width) {
	const bottom = LINES_HEIGHT - PLOT_BOTTOM,
		total = LINES_HEIGHT + RATE_HEIGHT + 12,
		svg = makeSvg(width, total),
		columns = joinColumns(run, heat, 1);
	const y = drawDurationAxis(svg, span, width, PLOT_TOP, bottom - PLOT_TOP);
	const [x, msAt] = drawTimeAxis(svg, run.start_realtime_ns / 1e6, timeSpan(run), width, bottom);
	LINE_NAMES.forEach((name, index) => {
		const height = (ns) => (ns === null ? null : y(placeOf(ns)));
		const points = columns.map(({ start, end }, i) => [x((start + end) / 2), height(lines[name][i])]);
		svg.append(draw("path", { class: "line l" + index, d: linePath(points) }));
	});
	drawRate(svg, columns, x, LINES_HEIGHT + 6, maxRate);
	const grid = {
		nx: columns.length,
		ny: 1,
		start: [Math.floor(columns.length / 2), 0],
		box: (i) => {
			const left = x(columns[i].start);
			return [left, PLOT_TOP, Math.max(1, x(columns[i].end) - left), total - PLOT_TOP];
		},
		at: (px, py) => (isInPlot(px, py, width, total) ? [columnAt(columns, msAt(px)), 0] : null),
		tell: (i) => lineTip(run, columns[i], lines, i),
	};
	return { svg, grid };
}

function showLegends(scale, hasPoints) {
	const value = IS_PAIR ? (n) => rate(Number(n.toPrecision(3))) : (n) => rate(Math.round(n));
	const legend = makeLegend(scale, IS_PAIR ? "operations a second in a cell" : "operations in a cell", value);
	if (hasPoints) legend.append(makeSwatch("outlier", draw("circle", { class: "point", cx: 13, cy: 5, r: 4 })));
	byId("heat-legend").replaceChildren(legend);
	byId("line-legend").replaceChildren(
		...LINE_NAMES.map((name, index) =>
			makeSwatch(name, draw("path", { class: "line l" + index, d: "M1 5H25" })),
		),
		make("span", null, "below: operations a second"),
	);
}

// What of ENTRY was recorded over time: of each run {run, index, series, heat, points}.
function timeParts(entry) {
	return RUNS.map((run, index) => ({ run, index, series: entry.runs[index] }))
		.filter(({ series }) => series && series.heat)
		.map((part) => ({
			...part,
			heat: unpackHeat(part.series.heat),
			points: outliersOf(part.run, entry.labels),
		}));
}

function columnsText({ run, index }) {
	const { start_ms: starts, elapsed_ms: elapsed, n_summed: nSummed } = run.columns;
	const name = IS_PAIR ? RUN_NAMES[index] + ": " : "",
		joined = nSummed > 1 ? `, ${nSummed} of the ${count(run.n_intervals)} recorded intervals in each` : "";
	return `${name}${several(starts.length, "column")} of ${elapsedText(elapsed[0] / 1000)}${joined}. `;
}

function timeNote(parts) {
	const how = "Point at a cell, or focus the chart and use the arrow keys (with shift: ten at a time).";
	return parts.map(columnsText).join("") + how;
}

// With intervals of other lengths, counts can only be compared a second. Joined ones are shown as one of them would be.
function cellValue(n, column) {
	return IS_PAIR ? (1000 * n) / Math.max(1, column.elapsed) : n / column.nJoined;
}

// What is the same for both runs, or nothing could be compared.
function commonScales(parts) {
	const columns = parts.flatMap(({ run, heat }) => joinColumns(run, heat, 1));
	const points = parts.flatMap((part) => part.points);
	const places = columns.flatMap((column) => [...column.cells.keys()]);
	return {
		span: spanOf([...places, ...points.map((one) => placeOf(one.ns))]),
		scale: makeScale(
			columns.flatMap((column) => [...column.cells.values()].map((n) => cellValue(n, column))),
		),
		maxRate: columns.reduce((most, column) => Math.max(most, rateOf(column)), 0) || 1,
		hasPoints: points.length > 0,
	};
}

function showTime(entry) {
	const parts = timeParts(entry);
	byId("chosen-time").hidden = !parts.length;
	byId("no-time").hidden = parts.length > 0;
	byId("no-time").textContent = RUNS.some((run) => run.n_intervals)
		? "The course over time is kept of the series with the largest total time; this is none of them."
		: "Nothing over time: this was recorded without intervals (-i 1 -o FILE.jsonl).";
	if (!parts.length) return;
	const { span, scale, maxRate, hasPoints } = commonScales(parts);
	byId("time-note").textContent = timeNote(parts);
	showLegends(scale, hasPoints);
	byId("heat").replaceChildren();
	byId("lines").replaceChildren();
	for (const { run, index, series, heat, points } of parts) {
		const name = entry.title + (IS_PAIR ? ", run " + RUN_NAMES[index] : "");
		const [left, right] = [runBox(index), runBox(index)];
		byId("heat").append(left);
		byId("lines").append(right);
		addChart(left, "Latency over time of " + name, (width) =>
			paintHeat(run, heat, points, span, scale, width),
		);
		addChart(right, "Percentiles over time of " + name, (width) =>
			paintLines(run, series, heat, span, maxRate, width),
		);
	}
}
