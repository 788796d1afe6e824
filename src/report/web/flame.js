// SPDX-License-Identifier: MIT
// Flame graphs of the stacks of slow operations. Frames are buttons, of which one at a time is in the focus order.
"use strict";

const FRAME_REM = 1.35;
const FRAMES_AT_MOST = 2000;

// The tree of folded stacks: {name, sum, count, children, parent, depth, left}; LEFT is in ns from the root's.
function growTree(stacks) {
	const root = { name: "all", sum: 0, count: 0, children: new Map(), parent: null, depth: 0, left: 0 };
	for (const { folded, count: n, sum_ns: sum } of stacks) {
		let node = root;
		for (const name of ["", ...folded.split(";")].slice(0, 512)) {
			if (name || node !== root) {
				if (!node.children.has(name))
					node.children.set(name, {
						name,
						sum: 0,
						count: 0,
						children: new Map(),
						parent: node,
						depth: node.depth + 1,
						left: 0,
					});
				node = node.children.get(name);
			}
			node.sum += sum;
			node.count += n;
		}
	}
	return root;
}

// All nodes, parents first, siblings with the longest time first.
function layOut(root) {
	const nodes = [];
	const place = (node, left) => {
		node.left = left;
		nodes.push(node);
		node.children = [...node.children.values()].sort((a, b) => b.sum - a.sum);
		for (const child of node.children) {
			place(child, left);
			left += child.sum;
		}
	};
	place(root, 0);
	return nodes
		.sort((a, b) => b.sum - a.sum)
		.slice(0, FRAMES_AT_MOST)
		.sort((a, b) => a.depth - b.depth || a.left - b.left);
}

function frameTip(node, root) {
	const share = percent(node.sum, root.sum);
	return `${shown(node.name)}\n${duration(node.sum)} in ${count(node.count)} operations, ${share} of all`;
}

// The part of a node that is left when ZOOMED is as wide as all.
function placeFrame(node, zoomed) {
	const left = Math.max(node.left, zoomed.left),
		right = Math.min(node.left + node.sum, zoomed.left + zoomed.sum);
	node.button.hidden = right <= left;
	node.button.style.left = (100 * (left - zoomed.left)) / zoomed.sum + "%";
	node.button.style.width = (100 * (right - left)) / zoomed.sum + "%";
}

function makeFrame(node, root) {
	const kind = "f" + ((node.name.length + node.depth * 3) % 5);
	const button = make(
		"button",
		{ type: "button", class: kind, tabindex: node === root ? 0 : -1 },
		shown(node.name),
	);
	button.style.top = node.depth * FRAME_REM + "rem";
	button.addEventListener("pointermove", (event) => showTip(frameTip(node, root), event.clientX, event.clientY));
	for (const name of ["pointerleave", "blur"]) button.addEventListener(name, hideTip);
	button.addEventListener("focus", () => {
		const box = button.getBoundingClientRect();
		if (button.matches(":focus-visible")) showTip(frameTip(node, root), box.left, box.bottom);
	});
	return button;
}

// The frame that a key leads to, if any; one that is not drawn has no button.
function frameBeside(node, key) {
	const siblings = node.parent ? node.parent.children : [node],
		index = siblings.indexOf(node);
	return {
		ArrowUp: node.parent,
		ArrowDown: node.children[0],
		ArrowLeft: siblings[index - 1],
		ArrowRight: siblings[index + 1],
	}[key];
}

function makeFlame(stacks, label) {
	const root = growTree(stacks),
		nodes = layOut(root),
		depth = nodes.reduce((most, node) => Math.max(most, node.depth), 0);
	const flame = make("div", { class: "flame", role: "group", "aria-label": label });
	let zoomed = root;
	const zoom = (node) => {
		zoomed = node === zoomed ? root : node;
		for (const one of nodes) placeFrame(one, zoomed);
	};
	const step = (node, event) => {
		const to = frameBeside(node, event.key);
		if (event.key === "Escape") hideTip();
		if (!event.key.startsWith("Arrow")) return;
		event.preventDefault();
		if (!to || !to.button || to.button.hidden) return;
		node.button.tabIndex = -1;
		to.button.tabIndex = 0;
		to.button.focus();
	};
	flame.style.height = (depth + 1) * FRAME_REM + "rem";
	for (const node of nodes) {
		node.button = makeFrame(node, root);
		node.button.addEventListener("click", () => zoom(node));
		node.button.addEventListener("keydown", (event) => step(node, event));
		flame.append(node.button);
	}
	for (const node of nodes) placeFrame(node, root);
	return flame;
}

function showStacks() {
	RUNS.forEach((run, index) => {
		if (!run.stacks || !run.stacks.some((stack) => stack.sum_ns > 0)) return;
		byId("stacks").hidden = false;
		byId("flames").append(
			runBox(
				index,
				makeFlame(
					run.stacks,
					"Stacks of slow operations" + (IS_PAIR ? ", run " + RUN_NAMES[index] : ""),
				),
			),
		);
	});
}
