// SPDX-License-Identifier: MIT
// Elements of the page, tables that can be sorted, and the tip that says what is pointed at.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function byId(id) {
	return document.getElementById(id);
}

// Text is only ever set as text.
function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {}))
		if (value !== undefined && value !== false) node.setAttribute(name, value);
	for (const child of children) if (child !== null && child !== undefined) node.append(child);
	return node;
}

function make(tag, attributes, ...children) {
	return fill(document.createElement(tag), attributes, children);
}
function draw(tag, attributes, ...children) {
	return fill(document.createElementNS(SVG, tag), attributes, children);
}
function outside(text) {
	return make("span", { class: "text", dir: "ltr" }, shown(text));
}

function showTip(text, x, y) {
	const tip = byId("tip");
	if (tip.textContent !== text) tip.textContent = text;
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	const left = x + 14 + box.width > innerWidth - 4 ? x - 14 - box.width : x + 14;
	const top = y + 14 + box.height > innerHeight - 4 ? y - 14 - box.height : y + 14;
	tip.style.left = Math.max(4, left) + "px";
	tip.style.top = Math.max(4, top) + "px";
}

function hideTip() {
	byId("tip").hidden = true;
}

function headOf(column, sort) {
	const attributes = { scope: "col", class: column.isNumber ? "number" : undefined };
	const button = make("button", { type: "button" }, column.name);
	button.addEventListener("click", () => sort(column));
	return make("th", attributes, button);
}

function rowOf(columns, row, decorate) {
	const line = make("tr");
	columns.forEach((column, index) => {
		const kind = [column.isNumber && "number", column.mood && column.mood(row)].filter(Boolean).join(" ");
		const attributes = { class: kind || undefined, scope: index ? undefined : "row" };
		line.append(make(index ? "td" : "th", attributes, column.show ? column.show(row) : column.value(row)));
	});
	if (decorate) decorate(line, row);
	return line;
}

// What there is not comes last in either direction.
function compareValues(a, b, sign) {
	if (a === b) return 0;
	if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
	return (a < b ? -1 : 1) * sign;
}

// COLUMNS: {name, value(row) to sort by, show(row), isNumber, mood(row)}; the first heads the row.
// Sorted by the column START, if any; the first LIMIT rows until all are asked for.
function makeTable(label, columns, rows, { start, limit = Infinity, decorate } = {}) {
	const body = make("tbody"),
		head = make("tr"),
		more = make("button", { type: "button", class: "more" });
	let sorted = rows,
		by = null,
		sign = 1,
		isAll = rows.length <= limit;
	const refresh = () => {
		body.replaceChildren(
			...sorted.slice(0, isAll ? undefined : limit).map((row) => rowOf(columns, row, decorate)),
		);
		more.hidden = isAll;
		more.textContent = "Show all " + count(rows.length);
	};
	const sort = (column) => {
		sign = by === column ? -sign : column.isNumber ? -1 : 1;
		by = column;
		sorted = [...rows].sort((a, b) => compareValues(column.value(a), column.value(b), sign));
		[...head.children].forEach((cell, index) =>
			columns[index] === column
				? cell.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending")
				: cell.removeAttribute("aria-sort"),
		);
		refresh();
	};
	head.append(...columns.map((column) => headOf(column, sort)));
	more.addEventListener("click", () => {
		isAll = true;
		refresh();
	});
	if (start) sort(start);
	else refresh();
	const table = make("table", { "aria-label": label }, make("thead", null, head), body);
	return make("div", null, make("div", { class: "scroll" }, table), more);
}

// Without sorting. Cells are a node or a text, or [that, class]; all but the first are numbers, or "left".
function makePlainTable(label, heads, rows) {
	const cell = (tag, content, index) => {
		const [node, kind] = Array.isArray(content) ? content : [content];
		const names = [index && kind !== "left" && "number", kind].filter(Boolean).join(" ");
		return make(
			tag,
			{ scope: tag === "td" ? undefined : index ? "col" : "row", class: names || undefined },
			node,
		);
	};
	const head = heads.map((content, index) => cell("th", content, index));
	const lines = rows.map((row) =>
		make("tr", null, ...row.map((content, index) => cell(index ? "td" : "th", content, index))),
	);
	const body = make("tbody", null, ...lines);
	const table = make("table", { "aria-label": label }, make("thead", null, make("tr", null, ...head)), body);
	return make("div", { class: "scroll" }, table);
}

// What belongs to one of two runs carries its mark and name.
function runBox(index, ...children) {
	const name = IS_PAIR ? make("h3", null, RUN_NAMES[index] + ": ", outside(RUNS[index].name)) : null;
	return make("div", { class: IS_PAIR ? "run" + index : undefined }, name, ...children);
}
