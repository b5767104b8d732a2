'use strict';
// What was counted. A frame is what came between two answers.

const HISTORY = 600e3; // How much is shown, in milliseconds.
const GAP = 12e3; // After so long, an answer does not say when something was.

const frames = [];
const groups = new Map();
const series = new Map(); // By family and labels: what a series was last, and what it adds to.
let changed = [];
let origin = null; // Which process answered last.
const origins = new Set();
let mixed = false;

function entry(map, key, value) {
	if (!map.has(key)) map.set(key, value());
	return map.get(key);
}

/** By frame, if it is not 0: how much a counter grew, or what a gauge was. */
class Column {
	at = [];
	values = [];
	pending = 0;
	first = Infinity;
	from = 0;
	sum = 0;

	add(value) {
		if (value && !this.pending) changed.push(this);
		this.pending += value;
	}

	flush(number) {
		this.at.push(number);
		this.values.push(this.pending);
		this.sum += this.pending;
		this.pending = 0;
		if (this.at.length < 1000) return;
		const old = this.at.findIndex((at) => at >= frames[0].number);
		for (const list of [this.at, this.values]) list.splice(0, old);
		this.first = Infinity;
	}

	/** The sum from a frame on. */
	over(first) {
		if (first < this.first) {
			this.from = 0;
			this.sum = this.values.reduce((sum, value) => sum + value, 0);
		}
		this.first = first;
		while (this.at[this.from] < first) this.sum -= this.values[this.from++];
		return this.sum;
	}

	last() {
		return this.at.at(-1) === frames.at(-1).number ? this.values.at(-1) : 0;
	}

	/** A value for each frame; not a number where nobody watched. */
	dense(perSecond) {
		const all = frames.map((frame) => (frame.gap ? NaN : 0));
		this.at.forEach((number, index) => {
			const place = number - frames[0].number;
			if (place >= 0 && !frames[place].gap) all[place] = this.values[index] / (perSecond ? frames[place].seconds : 1);
		});
		return all;
	}
}
const column = (map, key) => entry(map, key, () => new Column());

/** A route, an operation with its labels, or all of a group together. */
class Row {
	constructor(name) {
		Object.assign(this, { name, sorted: [] });
		for (const it of ['requests', 'errors', 'cancelled', 'active']) this[it] = new Column();
		for (const it of ['status', 'causes', 'phases', 'buckets']) this[it] = new Map();
	}

	bucket(bounds, index) {
		return entry(this.buckets, bounds[index] ?? Infinity, () => {
			const added = Object.assign(new Column(), { bound: bounds[index] ?? Infinity, lower: bounds[index - 1] ?? 0 });
			this.sorted = [...this.sorted, added].sort((a, b) => a.bound - b.bound);
			return added;
		});
	}

	stats({ first, seconds }) {
		const [requests, errors, cancelled] = [this.requests, this.errors, this.cancelled].map((it) => it.over(first));
		const [p50, p95, p99] = quantiles(this.sorted, this.sorted.map((it) => it.over(first)));
		return {
			name: this.name, requests, errors, cancelled, p50, p95, p99,
			rate: seconds ? requests / seconds : NaN,
			errorShare: errors / requests,
			cancelledShare: cancelled / requests,
			active: this.active.last(),
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
	budgets = [];
	overflowed = 0;
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
	it.columns = it.rows.flatMap((row) => columnsOf[family.shows](row, about, isCounted(group)));
	return it;
}

/** Takes in an answer. */
function read(data, time) {
	const frame = begin(data, time);
	for (const { group, kind, shows } of data.families) {
		const it = entry(groups, group, () => new Group(group, kind));
		it.shows.add(shows);
		it.total = 0;
	}
	for (const family of data.families) readFamily(groups.get(family.group), family, frame.first);
	for (const it of changed) it.flush(frame.number);
	changed = [];
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
	while (frames[1]?.time < time - HISTORY - 2e3) frames.shift();
	return frame;
}

function readFamily(group, family, isFirst) {
	const { name, shows } = family;
	if (shows === 'label_sets') {
		const most = new Map(family.budgets);
		group.budgets = family.series.map(([labels, used]) => ({ labels, used, most: most.get(labels) }));
	} else if (shows === 'overflowed') group.overflowed = family.series.reduce((sum, [, value]) => sum + value, 0);
	else {
		const known = entry(series, name, () => Object.assign(new Map(), { inOrder: [] }));
		let bounds = [];
		family.series.forEach((item, index) => {
			if (typeof item[0] !== 'string') {
				bounds = item;
				group.bounds = [...new Set([...group.bounds, ...bounds])].sort((a, b) => a - b);
				return;
			}
			const it = find(known, index, item[0], () => meet(group, family, item[0]));
			const value = item[1];
			if (Array.isArray(value)) readHistogram(group, it, value, bounds, isFirst);
			else if (family.type === 'gauge') for (const one of it.columns) one.add(value ?? 0);
			else grow(group, it, value ?? 0, isFirst, shows === 'requests');
		});
	}
}

/** Mostly in the order of last time: to compare a text is less work than to look it up. */
function find(known, index, text, added) {
	if (known.inOrder[index]?.text !== text) known.inOrder[index] = entry(known, text, added);
	return known.inOrder[index];
}

/** A counter that fell began anew. */
const growth = (value, last) => (value < last ? value : value - last);

function grow(group, it, value, isFirst, isTotal) {
	const added = growth(value, it.last);
	it.last = value;
	if (isTotal) group.total += value;
	if (added && !isFirst) for (const one of it.columns) one.add(added);
}

function readHistogram(group, it, counts, bounds, isFirst) {
	let total = 0;
	for (let index = 0; index < counts.length; index++) {
		total += counts[index];
		const added = growth(counts[index], it.counts[index] ?? 0);
		if (!added || isFirst) continue;
		it.buckets[index] ??= it.rows.map((row) => row.bucket(bounds, index));
		for (const one of it.buckets[index]) one.add(added);
	}
	it.counts = counts;
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
