// What is looked at.

const ROWS = 40; // Unless all are wanted.

const view = { group: '', row: '', sort: '', filter: '', window: '' };

/** The address has all of it, to be handed on. */
function readAddress() {
	const given = new URLSearchParams(location.hash.slice(1));
	for (const name in view) view[name] = given.get(name) ?? '';
	$('window').value = view.window || '60';
	if (document.activeElement !== $('filter')) $('filter').value = view.filter;
}

const address = (changes) => '#' + new URLSearchParams(Object.entries({ ...view, ...changes }).filter(([, value]) => value));

/** Goes there, without a step of its own in the browser's history. */
function change(changes) {
	history.replaceState(null, '', address(changes));
	readAddress();
	render();
}

const KINDS = ['server', 'client', 'operation', 'process', 'runtime'];
const rank = (it) => KINDS.indexOf(it.kind) + it.key;
const sortedGroups = () => [...groups.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));

function render() {
	if (!frames.length) return;
	const all = sortedGroups();
	const it = groups.get(view.group) ?? all[0];
	if (!it) return put($('state'), 'Nothing that this page knows is exposed.');
	const over = recent(($('window').value || 60) * 1e3);
	sumFrom(over.first);
	lastBound = it.bounds.at(-1) ?? 0;
	renderGroups(all, it);
	renderState(over);
	renderNotes(it);
	const hasCards = KINDS.indexOf(it.kind) > 2;
	for (const id of ['tiles', 'split', 'cards']) $(id).hidden = (id === 'cards') !== hasCards;
	if (hasCards) return renderCards(it, over);
	renderTiles(it, over);
	renderList(it, over);
	renderDetail(it, over);
}

const links = [];
function renderGroups(all, current) {
	fit(links, all.length, () => add($('groups'), make('a')));
	all.forEach((it, index) => {
		put(links[index], it.key);
		mark(links[index], 'href', address({ group: it.key, row: '', filter: '', sort: '' }));
		mark(links[index], 'aria-current', it === current && 'page');
	});
}

function renderState(over) {
	const condition = isFrozen ? `Frozen at ${clock(end())}. ` : failure ? `No answer since ${clock(end())}: ${failure}. ` : '';
	const known = over.seconds ? `Numbers are of the last ${span(over.seconds)}.` : 'Numbers need two answers.';
	put($('state'), `${condition}Watching since ${clock(watched)} a process that has counted for ${span(origin.age)}. ${known}`);
}

function renderNotes({ budgets, overflowed, shows }) {
	const notes = [];
	if (mixed) notes.push('Several processes answer here. A rate needs two answers of one.');
	if (isOutdated) notes.push('This page is of another version: load it again.');
	for (const { labels, used, most } of budgets) {
		if (used >= most * 0.8) notes.push(`${whole(used)} of ${whole(most)} label sets are used${labels && ` (${labels})`}. Past that, new ones are counted under _overflow.`);
	}
	if (overflowed) notes.push(`${whole(overflowed)} requests were past the budget.`);
	for (const it of ['errors', 'cancelled']) if (shows.has('requests') && !shows.has(it)) notes.push(`No family of ${it} is exposed.`);
	const warnings = notes.length;
	for (const { again, first, dark, start } of frames) {
		if (again) notes.push(`The process started again at ${clock(start)}.`);
		if (dark && !first && dark[1] - dark[0] > GAP) notes.push(`Nothing is known of ${clock(dark[0])} to ${clock(dark[1])}.`);
	}
	const [before, now] = [$('notes').textContent, notes.join('')];
	if (before === now) return;
	const words = (text) => text.replace(/[\d,]/g, '');
	if (words(before) !== words(now)) put($('spoken'), notes.join(' ')); // Not whenever a number changes.
	$('notes').replaceChildren(...notes.map((text, index) => make('li', { class: index < warnings ? 'warn' : '' }, text)));
}

let tiles;
function renderTiles(it, over) {
	tiles ??= ['Requests', 'Errors and cancelled', 'Latency', 'In flight'].map((title) => new Chart($('tiles'), title));
	const { all } = it;
	all.summarize(over);
	const { stats } = all;
	const requests = dense(all.requests);
	const part = (column) => dense(column).map((value, index) => value / requests[index]);
	const hint = `${whole(stats.requests)} of ${whole(it.total)} since its start`;
	tiles[0].show(rate, [{ name: '', hue: 'blue', values: perSecond(all.requests), now: rate(stats.rate), hint }]);
	tiles[1].show(share, [
		{ name: 'errors', hue: 'red', values: part(all.errors), now: share(stats.errorShare) },
		{ name: 'cancelled', hue: 'purple', values: part(all.cancelled), now: share(stats.cancelledShare) },
	]);
	tiles[2].show(duration, latencies(all));
	tiles[3].show(number, active(all));
}

const active = (row) => [{ name: '', hue: 'green', values: dense(row.active), now: whole(row.stats.active) }];

/** The quantiles of each frame. */
function latencies(row) {
	const counts = row.sorted.map((bucket) => dense(bucket.column));
	const all = frames.map((_, index) => quantiles(row.sorted, counts.map((values) => values[index] || 0)));
	return ['p50', 'p95', 'p99'].map((name, place) => ({
		name, hue: 'blue', shade: 2 - place, values: all.map((it) => it[place]), now: duration(row.stats[name]),
	}));
}

const COLUMNS = [
	['name', 'Route', String],
	['rate', 'req/s', number],
	['errorShare', 'errors', share],
	['cancelledShare', 'cancelled', share],
	['p50', 'p50', duration, 'extra'],
	['p95', 'p95', duration, 'extra'],
	['p99', 'p99', duration],
	['active', 'in flight', whole, 'extra'],
];
const WORST = ['-worst', '-p99', '-rate', 'name']; // Errors and cancelled first, then the slowest.

/** By one key after the other. What is not known is least. Sorting what is nearly sorted is quick. */
function order(rows, keys) {
	const all = keys.map((key) => (key[0] === '-' ? [key.slice(1), 1] : [key, -1]));
	const value = ({ stats }, key) => (unknown(stats[key]) ? -1 : stats[key]);
	rows.sort((a, b) => {
		for (const [key, falls] of all) {
			const [left, right] = [value(a, key), value(b, key)];
			if (left !== right) return left < right ? falls : -falls;
		}
		return 0;
	});
}

let showsAll = false;
const lines = [];
function renderList(it, over) {
	const filter = view.filter.toLowerCase();
	const rows = [...it.rows.values()];
	for (const row of rows) row.summarize(over);
	// Rows stay where they are while one is pointed at.
	if (!$('rows').matches(':hover, :focus-within')) order(rows, view.sort ? [view.sort, ...WORST] : WORST);
	it.rows = new Map(rows.map((row) => [row.name, row]));
	const all = rows.filter(({ name }) => name.toLowerCase().includes(filter));
	const shown = showsAll ? all : all.slice(0, ROWS);
	renderHead(it);
	fit(lines, shown.length, line);
	shown.forEach(({ stats }, index) => renderLine(lines[index], stats, it.hasActive));

	put($('list-title'), (it.kind === 'operation' ? it.key : 'Routes') + (view.sort ? '' : ', worst first'));
	const budget = it.budgets.map(({ used, most }) => ` · ${whole(used)} of ${whole(most)} label sets`).join('');
	put($('count'), (it.rows.size ? `${whole(shown.length)} of ${whole(it.rows.size)} shown` : 'No requests yet') + budget);
	$('more').hidden = all.length <= ROWS;
	put($('more'), `Show ${whole(showsAll ? ROWS : all.length)}`);
}

function renderHead({ kind }) {
	const head = $('head');
	if (!head.children.length) {
		for (const [key, , , style = ''] of COLUMNS) {
			const button = make('button');
			const [first, second] = key === 'name' ? [key, '-' + key] : ['-' + key, key];
			on(button, 'click', () => change({ sort: { [first]: second, [second]: '' }[view.sort] ?? first }));
			head.append(make('th', { scope: 'col', class: style }, button));
		}
	}
	COLUMNS.forEach(([key, title], index) => {
		const cell = head.children[index];
		put(cell.firstChild, key === 'name' && kind === 'operation' ? 'Labels' : title);
		mark(cell, 'aria-sort', { [key]: 'ascending', ['-' + key]: 'descending' }[view.sort]);
	});
}

function line() {
	const cells = COLUMNS.slice(1).map(() => make('td'));
	const tr = add($('rows'), make('tr', {}, make('th', { scope: 'row' }, make('a')), ...cells));
	return Object.assign(tr, { link: tr.firstChild.firstChild, numbers: cells });
}

function renderLine(tr, stats, hasActive) {
	const isChosen = stats.name === view.row;
	put(tr.link, stats.name);
	mark(tr.link, 'href', address({ row: stats.name }));
	mark(tr.link, 'aria-current', isChosen && 'true');
	mark(tr, 'title', `${whole(stats.requests)} requests, ${whole(stats.errors)} errors, ${whole(stats.cancelled)} cancelled`);
	mark(tr, 'class', stats.requests || stats.active ? isChosen && 'chosen' : 'idle');
	COLUMNS.slice(1).forEach(([key, , format, style], index) => {
		put(tr.numbers[index], key === 'active' && !hasActive ? '–' : format(stats[key]));
		const isShare = key.endsWith('Share');
		mark(tr.numbers[index], 'class', isShare ? (stats[key] ? key : 'zero') : style);
	});
}

function statusHue(status) {
	if (status === '499' || / CANCELLED$/.test(status)) return 'purple';
	if (/ [A-Z]/.test(status)) return / OK$/.test(status) ? 'blue' : 'yellow';
	return { 3: 'green', 4: 'yellow', 5: 'red' }[status[0]] ?? 'blue';
}

/** A key for each column, in shades where several have one hue. */
function keysOf(columns, { seconds }, hueOf) {
	const shades = {};
	const counted = [...columns].filter(([, column]) => frames.some(({ values }) => values[column])).sort();
	return counted.map(([name, column]) => {
		const [hue, count] = [hueOf(name), sums[column]];
		shades[hue] = Math.min((shades[hue] ?? -1) + 1, 2);
		return { name, hue, shade: shades[hue], values: perSecond(column), now: rate(seconds ? count / seconds : NaN), hint: whole(count) };
	});
}

let details;
const none = new Row('');
function renderDetail(it, over) {
	const titles = ['Latency', 'Requests by status', 'Errors by cause', 'Cancelled by phase', 'In flight'];
	details ??= titles.map((title, index) => new Chart($('charts'), title, index ? '' : 'heat'));
	const row = view.row ? it.rows.get(view.row) ?? none : it.all;
	put($('detail-title'), view.row ? view.row + (it.rows.has(view.row) ? '' : ': nothing was counted yet') : 'All together');
	$('all').hidden = !view.row;
	row.summarize(over);
	const heat = [...it.bounds, Infinity].map((bound) => ({ bound, values: row.buckets.has(bound) ? perSecond(row.buckets.get(bound)) : [] }));
	details[0].show(duration, row === it.all ? tiles[2].keys : latencies(row), { heat });
	[[row.status, statusHue], [row.causes, () => 'red'], [row.phases, () => 'purple']].forEach(([columns, hueOf], index) => {
		details[index + 1].show(rate, keysOf(columns, over, hueOf), { isStacked: true });
	});
	details[4].show(number, it.hasActive || !view.row ? active(row) : []);
}

const cards = new Map();
function renderCards(it, over) {
	for (const [name, { figure }] of cards) figure.hidden = !it.cards.has(name);
	for (const [name, { family, lines }] of it.cards) {
		const chart = entry(cards, name, () => new Chart($('cards'), name.replace(/^(process|tokio)_/, '')));
		chart.show(...card(name, family.type === 'gauge', lines, over));
	}
}

/** How a family of the process is shown: its largest series. */
function card(name, isGauge, lines, { seconds }) {
	const isDate = name.endsWith('_time_seconds');
	const format = isDate ? (value) => new Date(value * 1e3).toLocaleString()
		: name.endsWith('_bytes') ? bytes
		: !isGauge ? rate : name.endsWith('_seconds') ? duration : number;
	const now = (column) => (isGauge ? last(column) : seconds ? sums[column] / seconds : NaN);
	const all = [...lines].map(([text, column]) => ({ text, column, value: now(column) }));
	const keys = all.sort((a, b) => b.value - a.value).slice(0, 5).map(({ text, column, value }, index) => ({
		name: Object.values(labelsOf(text)).join(' '),
		hue: ['blue', 'yellow', 'green', 'red', 'purple'][index],
		values: isDate ? [] : (isGauge ? dense : perSecond)(column),
		now: known(format)(value),
	}));
	return [format, keys];
}
