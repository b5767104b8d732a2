// Polls and controls.

let timer = 0;
let isPolling = false;
let isFrozen = false;
let failure = '';
let watched = 0;
let version;
let isOutdated = false;

async function poll() {
	clearTimeout(timer);
	if (isFrozen || isPolling) return;
	isPolling = true;
	const begun = performance.now();
	const data = await ask().catch(fail);
	isPolling = false;
	// At most a tenth of the time, however much there is to read.
	const taken = performance.now() - begun;
	timer = setTimeout(poll, Math.max((document.hidden ? 5e3 : 1e3) - taken, taken * 9));
	if (data && !isFrozen) take(data);
}

async function ask() {
	const response = await fetch('?data', { cache: 'no-store', signal: AbortSignal.timeout(20e3) });
	const text = await response.text();
	if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 200)}`);
	return JSON.parse(text);
}

function take(data) {
	put($('spoken'), '');
	failure = '';
	version ??= data.version;
	isOutdated = version !== data.version;
	const time = Date.now();
	watched ||= time;
	read(data, time);
	render();
}

function fail(error) {
	failure = error.message.trim();
	put($('spoken'), `No answer: ${failure}`);
	if (frames.length) render();
	else put($('state'), `No answer: ${failure}`);
}

function freeze() {
	isFrozen = !isFrozen;
	mark($('freeze'), 'aria-pressed', String(isFrozen));
	render();
	poll();
}

function onKey(event) {
	if (event.ctrlKey || event.metaKey || event.altKey) return;
	if (event.key === 'Escape') {
		document.activeElement.blur();
		if (view.filter || view.sort) change({ filter: '', sort: '' });
		else if (view.row) $('all').click();
	} else if (event.target.matches('input, select')) return;
	else if (event.key === 'f') freeze();
	else if (event.key === '/') $('filter').focus();
	else return;
	event.preventDefault();
}

on($('freeze'), 'click', freeze);
on($('all'), 'click', () => (location.hash = address({ row: '' })));
on($('more'), 'click', () => {
	showsAll = !showsAll;
	render();
});
on($('window'), 'change', () => change({ window: $('window').value }));
on($('filter'), 'input', () => change({ filter: $('filter').value }));
on(window, 'keydown', onKey);
on(window, 'hashchange', () => {
	readAddress();
	render();
});
on(document, 'visibilitychange', () => document.hidden || poll());
on(matchMedia('(prefers-color-scheme: dark)'), 'change', () => {
	colours = {};
	paintSoon();
});

document.title = `RED · ${location.host}`;
put($('title'), document.title);
readAddress();
poll();
