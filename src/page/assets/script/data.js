'use strict';
// What was counted. A frame is what came between two answers.

const HISTORY = 600e3; // How much is shown, in milliseconds.
const GAP = 12e3; // After so long, an answer does not say when something was.

const frames = [];
const groups = new Map();
const series = new Map(); // By family and labels: what a series was last, and what it adds to.
let origin = null; // Which process answered last.
const origins = new Set();
let mixed = false;

function entry(map, key, value) {
	if (!map.has(key)) map.set(key, value());
	return map.get(key);
}

// A column is a place in the values of each frame: how much a counter grew, or what a gauge was. There are thousands:
// numbers side by side are quick to add up, and no work for the garbage collector.
const pending = []; // Of the next frame.
const sums = []; // Of the frames since `summed`.
let summed = 0;

const newColumn = () => pending.push(0) && sums.push(0) - 1;
const column = (map, key) => entry(map, key, newColumn);

function accumulate({ values }, sign) {
	for (let index = 0; index < values.length; index++) sums[index] += sign * values[index];
}

/** Lets sums begin with another frame. */
function sumFrom(first) {
	if (first < summed) sums.fill(0);
	for (const frame of frames) {
		const sign = (frame.number >= first) - (first >= summed && frame.number >= summed);
		if (sign) accumulate(frame, sign);
	}
	summed = first;
}

const last = (column) => frames.at(-1).values[column];

/** A value for each frame; not a number where nobody watched. */
const dense = (column) => frames.map(({ gap, values }) => (gap ? NaN : values[column] || 0));
const perSecond = (column) => dense(column).map((value, index) => value / frames[index].seconds);

/** A route, an operation with its labels, or all of a group together. */
class Row {
	constructor(name) {
		Object.assign(this, { name, sorted: [] });
		for (const it of ['requests', 'errors', 'cancelled', 'active']) this[it] = newColumn();
		for (const it of ['status', 'causes', 'phases', 'buckets']) this[it] = new Map();
	}

	bucket(bounds, index) {
		const bound = bounds[index] ?? Infinity;
		return entry(this.buckets, bound, () => {
			const column = newColumn();
			this.sorted.push({ column, bound, lower: bounds[index - 1] ?? 0 });
			this.sorted.sort((a, b) => a.bound - b.bound);
			return column;
		});
	}

	summarize({ seconds }) {
		const [requests, errors, cancelled] = [sums[this.requests], sums[this.errors], sums[this.cancelled]];
		const [p50, p95, p99] = quantiles(this.sorted, this.sorted.map((it) => sums[it.column]));
		this.stats = {
			name: this.name, requests, errors, cancelled, p50, p95, p99,
			rate: seconds ? requests / seconds : NaN,
			errorShare: errors / requests,
			cancelledShare: cancelled / requests,
			active: last(this.active),
			worst: errors + cancelled,
		};
	}
}

/** As Prometheus estimates them. Beyond the last bound nothing is known but that. */
function quantiles(buckets, counts) {
	let total = 0;
	for (const count of counts) total += count;
	let [index, below] = [0, 0];
	return PARTS.map((part) => {
		const rank = part * total;
		while (below + counts[index] < rank) below += counts[index++];
		if (!total) return NaN;
		const { bound, lower } = buckets[index];
		return bound === Infinity ? bound : lower + ((bound - lower) * (rank - below)) / counts[index];
	});
}
const PARTS = [0.5, 0.95, 0.99];

class Group {
	rows = new Map();
	all = new Row('');
	cards = new Map();
	bounds = [];
	hasActive = false;
	shows = new Set();

	constructor(key, kind) {
		Object.assign(this, { key, kind });
	}
}

/** The text of labels, as the exposition formats have it. */
function labelsOf(text) {
	const pairs = [...text.matchAll(/([^=,]+)="((?:[^"\\]|\\.)*)"/gs)];
	return Object.fromEntries(pairs.map(([, name, value]) => [name, value.replace(/\\(.)/gs, (_, it) => (it === 'n' ? '\n' : it))]));
}

/** The row of a series, and its labels by their meaning. */
function subject(family, text) {
	const labels = labelsOf(text);
	const found = {};
	for (const [meaning, name] of Object.entries(family.labels)) {
		found[meaning] = labels[name];
		delete labels[name];
	}
	const { method, route = '(no route)', peer } = found;
	if ('route' in family.labels) found.row = [method, route, peer && '→ ' + peer].filter(Boolean).join(' ');
	if (family.kind === 'operation') found.row = Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ') || family.group;
	return found;
}

/** The columns of a row that a series adds to. */
const columnsOf = {
	requests: (row, { status, code }) => [row.requests, column(row.status, [status, code].filter(Boolean).join(' ') || 'ended')],
	errors: (row, { reason = 'error' }) => [row.errors, column(row.causes, reason)],
	cancelled: (row, { reason = 'cancelled' }) => [row.cancelled, column(row.phases, reason)],
	in_flight: (row) => [row.active],
	// Without a family of requests, the histogram counts them.
	durations(row, { status, code, reason }, isDone) {
		if (isDone) return [];
		const columns = columnsOf.requests(row, { status, code });
		if (/^cancelled$/i.test(reason)) columns.push(...columnsOf.cancelled(row, { reason: status ? 'body' : 'head' }));
		else if (reason) columns.push(...columnsOf.errors(row, { reason }));
		return columns;
	},
};

const isCounted = (group) => group.shows.has('requests');
const unseen = () => ({ last: 0, counts: [], buckets: [] });

function meet(group, family, text) {
	const it = { ...unseen(), text, rows: [group.all] };
	if (family.shows === 'value') {
		const card = entry(group.cards, family.name, () => ({ family, lines: new Map() }));
		return Object.assign(it, { columns: [column(card.lines, text)] });
	}
	const about = subject(family, text);
	if (about.row) it.rows.push(entry(group.rows, about.row, () => new Row(about.row)));
	if (family.shows === 'in_flight') group.hasActive ||= Boolean(about.row);
	it.columns = it.rows.flatMap((row) => columnsOf[family.shows]?.(row, about, isCounted(group)) ?? []);
	return it;
}

/** Takes in an answer. */
function read(data, time) {
	const frame = begin(data, time);
	for (const { group, kind, shows } of data.families) {
		const it = entry(groups, group, () => new Group(group, kind));
		it.shows.add(shows);
		Object.assign(it, { total: 0, overflowed: 0, budgets: [] });
	}
	for (const family of data.families) readFamily(groups.get(family.group), family, frame.first);
	frame.values = new Float64Array(pending);
	pending.fill(0);
	if (frame.number >= summed) accumulate(frame, 1);
}

/** The frame of an answer. The first one has no differences. */
function begin({ started, seconds: age }, time) {
	const before = frames.at(-1);
	const again = before && origin.started !== started;
	const seconds = Math.max(before && !again ? age - origin.age : age, 0.001);
	const frame = { time, again, seconds, number: before ? before.number + 1 : 0, first: !before };
	frame.start = Math.max(time - seconds * 1e3, before ? before.time : time);
	frame.gap = !before || seconds * 1e3 > GAP;
	if (frame.gap || again) frame.dark = [before ? before.time : 0, frame.gap ? time : frame.start];
	if (again) {
		// The counters of another process began at 0.
		for (const family of series.values()) for (const it of family.values()) Object.assign(it, unseen());
		mixed ||= origins.has(started);
	}
	origins.add(started);
	origin = { started, age };
	frames.push(frame);
	while (frames[1]?.time < time - HISTORY - 2e3) {
		const old = frames.shift();
		if (old.number >= summed) accumulate(old, -1);
	}
	return frame;
}

function readFamily(group, family, isFirst) {
	const { name, shows, series: all } = family;
	const known = entry(series, name, () => Object.assign(new Map(), { inOrder: [] }));
	const most = new Map(family.budgets);
	let [bounds, before, isKnown] = [[], '', true];
	for (let index = 0; index < all.length; ) {
		if (Array.isArray(all[index])) {
			bounds = all[index++];
			group.bounds = [...new Set([...group.bounds, ...bounds])].sort((a, b) => a - b);
		}
		const [common, rest, value] = [all[index++], all[index++], all[index++]];
		// Mostly as last time: then no text is put together.
		let it = known.inOrder[index];
		if (!isKnown || it?.common !== common || it.rest !== rest) {
			const text = before.slice(0, common) + rest;
			isKnown = it?.text === text;
			it = known.inOrder[index] = entry(known, text, () => meet(group, family, text));
			Object.assign(it, { common, rest });
		}
		before = it.text;
		if (shows === 'label_sets') group.budgets.push({ labels: before, used: value, most: most.get(before) });
		else if (shows === 'overflowed') group.overflowed += value;
		else if (Array.isArray(value)) readHistogram(group, it, value, bounds, isFirst);
		else if (family.type === 'gauge') for (const one of it.columns) pending[one] += value ?? 0;
		else grow(group, it, value ?? 0, isFirst, shows === 'requests');
	}
}

/** A counter that fell began anew. */
const growth = (value, last) => (value < last ? value : value - last);

function grow(group, it, value, isFirst, isTotal) {
	const added = growth(value, it.last);
	it.last = value;
	if (isTotal) group.total += value;
	if (added && !isFirst) for (const one of it.columns) pending[one] += added;
}

function readHistogram(group, it, counts, bounds, isFirst) {
	let total = 0;
	// The last buckets are left out if they are 0.
	for (let index = 0; index < Math.max(counts.length, it.counts.length); index++) {
		const count = counts[index] ?? 0;
		total += count;
		const added = growth(count, it.counts[index] ?? 0);
		it.counts[index] = count;
		if (!added || isFirst) continue;
		it.buckets[index] ??= it.rows.map((row) => row.bucket(bounds, index));
		for (const one of it.buckets[index]) pending[one] += added;
	}
	if (!isCounted(group)) grow(group, it, total, isFirst, true);
}

/** The frames that numbers are of: the last ones, back to a gap. */
function recent(most) {
	let [first, seconds] = [Infinity, 0];
	for (const frame of frames.toReversed()) {
		if (frame.gap || (seconds && frames.at(-1).time - frame.start > most + 500)) break;
		first = frame.number;
		seconds += frame.seconds;
	}
	return { first, seconds };
}
