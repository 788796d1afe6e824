// SPDX-License-Identifier: MIT
// The page from top to bottom: facts, the table of all series, the chosen one, outliers, the account, the probes.
"use strict";

const ROWS_AT_FIRST = 20;

function percentileText(percentile) {
	return percentile.carried ? duration(percentile.ns) : "-";
}

function factsOf(run) {
	const start = clock(run.start_realtime_ns / 1e6),
		last = clock(run.end_realtime_ns / 1e6),
		end = start.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last,
		intervals = run.n_intervals ? ", " + several(run.n_intervals, "interval") : "",
		facts = make("dl");
	const add = (name, value, kind) => facts.append(make("dt", null, name), make("dd", { class: kind }, value));
	add("Host", outside(run.host));
	add("Kernel", outside("Linux " + run.kernel));
	add("Time", `${start} to ${end} UTC, ${elapsedText(run.elapsed_ns / 1e9)}${intervals}`);
	add("Command", outside(run.command_line), "code");
	if (run.estimated)
		add("Sampling", `1 of ${run.sample_rate} was measured: counts and rates are estimates of all`);
	add("Outliers", run.outlier_ns ? `${duration(run.outlier_ns)} or longer` : "not asked for");
	add("Losses", lossText(run.account.total));
	add("Recorded by", outside("latencyprobe " + run.tool_version));
	return facts;
}

function lossText(total) {
	const losses = ["lost_span", "lost_exit", "lost_clock", "unseen", "unaccounted"].filter((name) => total[name]);
	const texts = losses.map((name) => `${count(total[name])} ${name.replace("_", " ")}`);
	return texts.length ? make("span", { class: "bad" }, texts.join(", ")) : "none";
}

function showFacts() {
	const targets = [...new Set(RUNS.map((run) => run.target))].join(" and ");
	byId("title").append(
		outside(targets),
		" on ",
		outside([...new Set(RUNS.map((run) => run.host))].join(" and ")),
	);
	document.title = shown(`${targets} on ${RUNS.map((run) => run.host).join(" and ")}: latencyprobe`);
	RUNS.forEach((run, index) => byId("facts").append(runBox(index, factsOf(run))));
}

function valueColumn(name, index, value, show) {
	const of = (entry) => (entry.runs[index] ? value(entry.runs[index]) : undefined);
	return {
		name: name + (IS_PAIR ? " " + RUN_NAMES[index] : ""),
		isNumber: true,
		value: of,
		show: (entry) => (of(entry) === undefined ? "-" : show(of(entry))),
	};
}

function percentileColumn(name, index) {
	return valueColumn(
		name,
		index,
		(series) => (series.percentiles[name].carried ? series.percentiles[name].ns : undefined),
		duration,
	);
}

function changeColumn(name) {
	const of = (entry) =>
		percentileChange(...[0, 1].map((index) => entry.runs[index] && entry.runs[index].percentiles[name]));
	return {
		name: "\u0394 " + name,
		isNumber: true,
		value: (entry) => of(entry).order,
		show: (entry) => of(entry).text,
		mood: (entry) => of(entry).kind,
	};
}

function overviewColumns(choose) {
	const title = {
		name: "Series",
		value: (entry) => entry.title,
		show: (entry) => {
			const button = make("button", { type: "button", class: "text", dir: "ltr" }, entry.title);
			button.addEventListener("click", () => choose(entry, true));
			return button;
		},
	};
	if (IS_PAIR)
		return [
			title,
			...[0, 1].map((index) => valueColumn("Count", index, (series) => series.count, count)),
			...["p50", "p99", "p99.9"].flatMap((name) => [
				percentileColumn(name, 0),
				percentileColumn(name, 1),
				changeColumn(name),
			]),
		];
	const columns = [
		title,
		valueColumn("Count", 0, (series) => series.count, count),
		valueColumn("Rate/s", 0, (series) => series.rate_per_s, rate),
	];
	if (RUNS[0].series.some((series) => series.bytes_per_s))
		columns.push(valueColumn("Bytes/s", 0, (series) => series.bytes_per_s || undefined, bytes));
	return [
		...columns,
		valueColumn(
			"Total time",
			0,
			(series) => series.sum_ns,
			(ns) => elapsedText(ns / 1e9),
		),
		...["p50", "p90", "p99", "p99.9"].map((name) => percentileColumn(name, 0)),
		valueColumn("Max", 0, (series) => series.max_ns, duration),
	];
}

function showOverview(entries, choose, chosen) {
	byId("overview-note").textContent =
		"Percentiles are within 3.2 % of the truth; -: none, or fewer than 10 samples lie above it." +
		(IS_PAIR ? " \u2248: the change is within the width of a slot." : "");
	const decorate = (line, entry) => {
		line.classList.toggle("current", entry === chosen());
		line.entry = entry;
	};
	byId("overview-table").append(
		makeTable("All series", overviewColumns(choose), entries, { limit: ROWS_AT_FIRST, decorate }),
	);
}

const WHOLE_ROWS = [
	{ name: "min", value: (series) => series.min_ns, isBound: true },
	...["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99"].map((name) => ({ name, isPercentile: true })),
	{ name: "max", value: (series) => series.max_ns, isBound: true },
	{ name: "mean", value: (series) => series.mean_ns },
	{ name: "count", value: (series) => series.count, show: count, isNeutral: true },
	{ name: "rate", value: (series) => series.rate_per_s, show: (n) => rate(n) + "/s", isNeutral: true },
];

function wholeText(series, { name, value, show = duration, isPercentile, isBound }) {
	if (!series) return "-";
	if (isPercentile) return percentileText(series.percentiles[name]);
	return (isBound && !series.min_max_exact ? "~" : "") + show(value(series));
}

function wholeChange([before, after], { name, value, isPercentile, isNeutral }) {
	if (!before || !after) return "";
	const by = isPercentile
		? percentileChange(before.percentiles[name], after.percentiles[name])
		: change(value(before), value(after));
	return [by.text, isNeutral ? "" : by.kind];
}

// What is said of a whole run, of two beside each other.
function showWhole(entry) {
	const rows = WHOLE_ROWS.map((row) => [
		row.name,
		...RUNS.map((_, index) => wholeText(entry.runs[index], row)),
		...(IS_PAIR ? [wholeChange(entry.runs, row)] : []),
	]);
	const heads = IS_PAIR ? ["", "A", "B", "change"] : ["", "latency"];
	byId("percentiles").replaceChildren(makePlainTable("Percentiles of " + entry.title, heads, rows));
}

function showOutliers() {
	const rows = RUNS.flatMap((run, index) =>
		run.outliers ? run.outliers.rows.map((row) => ({ run, index, row })) : [],
	);
	byId("outliers").hidden = !rows.length;
	if (!rows.length) return;
	const names = [...new Set(RUNS.flatMap((run) => (run.outliers ? run.outliers.labels : [])))];
	const labelColumn = (name) => {
		const value = ({ run, row }) => outlierLabel(run, row, name) ?? "";
		return { name, value, show: (one) => outside(value(one)) };
	};
	const latency = {
		name: "Latency",
		isNumber: true,
		value: ({ row }) => row[1],
		show: ({ row }) => duration(row[1]),
	};
	const columns = [
		{
			name: "End (UTC)",
			value: ({ run, row }) => run.start_realtime_ns / 1e3 + row[0],
			show: ({ run, row }) => clock(run.start_realtime_ns / 1e6 + row[0] / 1e3, 3),
		},
		latency,
		...names.map(labelColumn),
		{ name: "Bytes", isNumber: true, value: ({ row }) => row[2], show: ({ row }) => bytes(row[2]) },
		{
			name: "Sector",
			isNumber: true,
			value: ({ row }) => row[3],
			show: ({ row }) => (row[3] ? String(row[3]) : "-"),
		},
		{ name: "PID", isNumber: true, value: ({ row }) => row[4], show: ({ row }) => String(row[4]) },
		{ name: "TID", isNumber: true, value: ({ row }) => row[5], show: ({ row }) => String(row[5]) },
	];
	if (IS_PAIR) columns.splice(1, 0, { name: "Run", value: ({ index }) => RUN_NAMES[index] });
	const events = RUNS.map((run) => run.account.total.events).reduce((sum, n) => sum + n, 0);
	byId("outlier-note").textContent =
		events > rows.length
			? `The slowest ${count(rows.length)} of ${count(events)}.`
			: count(rows.length) + " in all.";
	byId("outlier-table").append(makeTable("Outliers", columns, rows, { start: latency, limit: ROWS_AT_FIRST }));
}

// Terms that are 0 everywhere are left out, but for those that should be there.
function accountTable(account) {
	const columns = [
		...account.operations.filter((one) => one.entered || one.recorded || one.unaccounted),
		{ ...account.total, op: "total" },
	];
	const names = Object.keys(account.total).filter(
		(name) => ["entered", "recorded", "unaccounted"].includes(name) || columns.some((one) => one[name]),
	);
	const value = (one, name) => [
		count(one[name]),
		one[name] && /^(lost|unaccounted|ring_full)/.test(name) ? "bad" : one[name] ? "" : "soft",
	];
	return makePlainTable(
		"Account",
		["", ...columns.map((one) => outside([one.op, one.phase].filter(Boolean).join(" ")))],
		names.map((name) => [name.replaceAll("_", " "), ...columns.map((one) => value(one, name))]),
	);
}

function probeTable(run) {
	return makePlainTable(
		"Probes",
		["Function or tracepoint", ["Operation", "left"], ["Attached by", "left"], "Missed"],
		run.probes.map((probe) => [
			outside(probe.function),
			[outside([probe.op, probe.phase].filter(Boolean).join(" ") || "all"), "left"],
			[outside(probe.attach), "left"],
			[count(probe.missed), probe.missed ? "bad" : ""],
		]),
	);
}

function showPage() {
	const entries = collectSeries(),
		choice = byId("choice");
	let current = entries[0];
	const choose = (entry, goes) => {
		current = entry;
		choice.value = String(entries.indexOf(entry));
		for (const line of document.querySelectorAll("#overview-table tbody tr"))
			line.classList.toggle("current", line.entry === entry);
		showTime(entry);
		showWhole(entry);
		showWholeHistogram(entry);
		if (goes) {
			byId("chosen").scrollIntoView();
			choice.focus({ preventScroll: true });
		}
	};
	showFacts();
	showOverview(entries, choose, () => current);
	choice.append(...entries.map((entry, index) => make("option", { value: index }, entry.title)));
	choice.addEventListener("change", () => choose(entries[choice.value]));
	for (const id of ["overview", "chosen", "histograms"]) byId(id).hidden = !entries.length;
	if (entries.length) {
		choose(current);
		showHistograms(entries);
		showSizes(entries);
	} else {
		byId("facts").after(make("p", { class: "note" }, "Nothing was recorded."));
	}
	showOutliers();
	showStacks();
	RUNS.forEach((run, index) => {
		byId("account-tables").append(runBox(index, accountTable(run.account)));
		byId("probe-tables").append(runBox(index, probeTable(run)));
	});
}

addEventListener("DOMContentLoaded", showPage);
