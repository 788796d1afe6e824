// SPDX-License-Identifier: MIT
// Numbers and texts as people read them, histogram places, and the recorded runs.
"use strict";

const RUNS = JSON.parse(document.getElementById("data").textContent).runs;
const IS_PAIR = RUNS.length > 1;
const RUN_NAMES = IS_PAIR ? ["A", "B"] : [""];
const TOP_PLACE = 67;
const COUNT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function digits(value) {
	return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function scaled(value, factor, units) {
	let unit = 0;
	while (unit < units.length - 1 && value >= factor * 0.9995) {
		value /= factor;
		unit++;
	}
	return (unit || value % 1 ? digits(value) : String(value)) + units[unit];
}

function duration(ns) {
	return scaled(ns, 1000, ["ns", "us", "ms", "s"]);
}
function bytes(n) {
	return scaled(n, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}
function rate(n) {
	return scaled(n, 1000, ["", "k", "M", "G"]);
}
function count(n) {
	return COUNT.format(n);
}

function several(n, what) {
	return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
}

function percent(part, whole) {
	const share = (100 * part) / whole;
	if (part && share < 0.05) return "<0.1%";
	return part < whole && share >= 99.95 ? ">99.9%" : share.toFixed(1) + "%";
}

function ofAll(n, whole) {
	return count(n) + (n ? ", " + percent(n, whole) : "");
}

function elapsedText(seconds) {
	if (seconds < 120) return duration(seconds * 1e9).replace(/\.0+(?=\D)/, "");
	const h = Math.floor(seconds / 3600),
		m = Math.floor(seconds / 60) % 60,
		s = Math.floor(seconds) % 60;
	return (h ? h + "h " : "") + m + "min " + s + "s";
}

// Text from outside: what cannot be seen, or turns round what stands beside it, is spelt out.
function shown(text) {
	return String(text).replace(
		/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
		(one) => "\\u" + one.charCodeAt(0).toString(16).padStart(4, "0"),
	);
}

// "2026-01-31 23:59:59.123" in UTC; "" when there is no such time.
function clock(ms, nDigits) {
	const date = new Date(ms);
	return isNaN(date)
		? ""
		: date
				.toISOString()
				.replace("T", " ")
				.slice(0, nDigits ? 20 + nDigits : 19);
}

// Where a duration stands on the axis of all charts, in half rows: even steps are powers of two from 16 ns on.
function placeOf(ns) {
	if (ns < 16) return ns / 8;
	const log2 = Math.min(36, Math.floor(Math.log2(ns)));
	return Math.min(TOP_PLACE, 2 * (log2 - 3 + Math.min(1, ns / 2 ** log2 - 1)));
}

function lowOf(halfRow) {
	const row = Math.floor(halfRow / 2);
	return row ? 2 ** (row + 3) * (halfRow % 2 ? 1.5 : 1) : halfRow * 8;
}

function rangeText(low, high) {
	return high < TOP_PLACE - 1
		? duration(lowOf(low)) + " - " + duration(lowOf(high))
		: "from " + duration(lowOf(low));
}

// The sparse text of report_columns_heat(): of each column {first, counts}, or null.
function unpackHeat(text) {
	return text.split(";").map((column) => {
		const [first, ...counts] = column.split(",");
		return (
			first && {
				first: parseInt(first, 36),
				counts: counts.map((one) => (one ? parseInt(one, 36) : 0)),
			}
		);
	});
}

// The value of an outlier's label behind its six numbers; undefined or null where it has none.
function outlierLabel(run, row, name) {
	const index = run.outliers.labels.indexOf(name);
	return index < 0 ? undefined : row[6 + index];
}

// Counts by slots of WIDTH slots: a Map from number to count, in order.
function groupSlots(slotCounts, width) {
	const groups = new Map();
	for (const [slot, n] of Object.entries(slotCounts)) {
		const group = Math.floor(slot / width);
		groups.set(group, (groups.get(group) || 0) + n);
	}
	return groups;
}

function titleOf(labels) {
	const words = [];
	for (const [name, value] of Object.entries(labels)) {
		if (name === "ret" && value === "ok") continue;
		words.push(/^\d*$/.test(value) ? name + " " + (value || "''") : value);
	}
	return shown(words.join("  "));
}

function keyOf(labels) {
	return JSON.stringify(Object.entries(labels).sort((a, b) => (a[0] < b[0] ? -1 : 1)));
}

// The series of all runs: {title, labels, runs: [series or undefined]}, the one with the largest total time first.
function collectSeries() {
	const found = new Map();
	RUNS.forEach((run, index) => {
		for (const series of run.series) {
			const key = keyOf(series.labels);
			if (!found.has(key))
				found.set(key, { labels: series.labels, title: titleOf(series.labels), runs: [] });
			found.get(key).runs[index] = series;
		}
	});
	const total = (entry) => entry.runs.reduce((sum, series) => sum + (series ? series.sum_ns : 0), 0);
	return [...found.values()].sort((a, b) => total(b) - total(a));
}

// {text, sign} of a change; "same" when the two cannot be told apart, as their slots overlap.
function change(before, after, isSame) {
	if (!before || after === undefined) return { text: "", order: 0 };
	const by = (100 * (after - before)) / before;
	if (isSame) return { text: "\u2248", order: 0 };
	const text =
		Math.abs(by) >= 1000 ? "\u00d7" + digits(after / before) : (by > 0 ? "+" : "") + by.toFixed(1) + "%";
	return { text, order: by, kind: by > 0 ? "bad" : "good" };
}

// Of two percentiles of series.
function percentileChange(before, after) {
	if (!before || !after || !before.carried || !after.carried) return { text: "", order: 0 };
	return change(before.ns, after.ns, before.low_ns <= after.high_ns && after.low_ns <= before.high_ns);
}
