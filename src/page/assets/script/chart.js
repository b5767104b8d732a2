// Charts, of one time and with one cursor.

const $ = (id) => document.getElementById(id);
const on = (target, name, listener) => target.addEventListener(name, listener);

/** An element. Text stays text: nothing here is parsed as markup. */
function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
	element.append(...children);
	return element;
}

function add(parent, element) {
	parent.append(element);
	return element;
}

/** Makes a list of elements as long as it has to be. */
function fit(list, length, added) {
	while (list.length > length) list.pop().remove();
	while (list.length < length) list.push(added());
}

/** Sets a text if it is another one. */
function put(node, text) {
	if (node.shown !== text) node.textContent = node.shown = text;
}

/** Sets an attribute, or removes it if there is no value. */
function mark(element, name, value) {
	if (!value) element.removeAttribute(name);
	else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

const unknown = (value) => value === undefined || Number.isNaN(value);
const known = (format) => (value) => (unknown(value) ? '–' : format(value));
const three = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format;
const whole = known(new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format);
const number = known((value) => (value > 0 && value < 0.01 ? '<0.01' : three(value)));
const rate = known((value) => number(value) + '/s');
const share = known((value) => number(value * 100) + ' %');
const bytes = known((value) => three(value / 2 ** 20) + ' MiB');
let lastBound = 0;
const duration = known((value) => {
	if (value === Infinity) return '>' + duration(lastBound);
	if (value >= 1) return three(value) + ' s';
	return value < 0.001 ? three(value * 1e6) + ' µs' : three(value * 1e3) + ' ms';
});
const clock = (time) => new Date(time).toTimeString().slice(0, 8);
function span(seconds) {
	const [size, name] = [[86400, ' d'], [3600, ' h'], [60, ' min']].find(([size]) => seconds >= 2 * size) ?? [1, ' s'];
	return whole(seconds / size) + name;
}

let colours = {};
const colour = (name) => (colours[name] ??= getComputedStyle(document.documentElement).getPropertyValue('--' + name));
const SHADES = [1, 0.6, 0.35]; // As in the style.
/** Not transparent: frames may be narrower than a pixel, and are painted over each other. */
const shaded = (name, part) => `color-mix(in srgb, ${colour(name)} ${Math.round(part * 20) * 5}%, ${colour('panel')})`;

let cursor = null; // The time that all charts point at.
const end = () => frames.at(-1).time;
const range = () => Math.min(Math.max(end() - frames[0].time, 6e4), HISTORY);
const pointed = () => frames.findIndex((it) => it.start < cursor && cursor <= it.time);

let painting = false;
function paintSoon() {
	if (painting || !frames.length) return;
	painting = true;
	requestAnimationFrame(() => {
		painting = false;
		put($('cursor'), cursor ? clock(cursor) : '');
		for (const { chart, width } of document.querySelectorAll('canvas')) {
			if (!chart.keys || !width) continue;
			chart.write();
			chart.paint();
		}
	});
}
function pointAt(time) {
	cursor = time;
	paintSoon();
}
const sizes = new ResizeObserver((entries) => {
	for (const { target } of entries) target.chart.resize();
	paintSoon();
});

class Chart {
	constructor(parent, title, style = '') {
		this.title = title;
		this.caption = make('figcaption', {}, make('b', {}, title));
		this.canvas = make('canvas', { tabindex: 0, role: 'img' });
		this.figure = make('figure', { class: style }, this.caption, this.canvas);
		this.canvas.chart = this;
		this.context = this.canvas.getContext('2d');
		this.spans = [];
		on(this.canvas, 'pointermove', ({ offsetX }) => frames.length && pointAt(end() - range() * (1 - offsetX / this.canvas.clientWidth)));
		for (const name of ['pointerleave', 'blur']) on(this.canvas, name, () => pointAt(null));
		on(this.canvas, 'keydown', (event) => this.step(event));
		parent.append(this.figure);
		sizes.observe(this.canvas);
	}

	resize() {
		const { canvas } = this;
		this.scale = devicePixelRatio;
		this.hasTimes = canvas.clientHeight > 100;
		canvas.width = Math.round(canvas.clientWidth * this.scale);
		canvas.height = Math.round(canvas.clientHeight * this.scale);
		this.context.font = `${10 * this.scale}px system-ui, sans-serif`;
	}

	step(event) {
		const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
		if (!by || !frames.length) return;
		event.preventDefault();
		const next = (cursor ? pointed() : frames.length) + by;
		const { start, time } = frames[Math.min(Math.max(next, 0), frames.length - 1)];
		pointAt((start + time) / 2);
		this.write();
		put($('spoken'), this.canvas.getAttribute('aria-label'));
	}

	/** Keys have a name, a hue, values by frame, and a text of what is now. */
	show(format, keys, { isStacked, heat } = {}) {
		Object.assign(this, { format, keys, isStacked, heat });
		this.write();
		this.paint();
	}

	/** The keys: what they are now, or were where the cursor is. */
	write() {
		fit(this.spans, this.keys.length, () => add(this.caption, make('span', {}, make('small'), ' ', make('span'))));
		const index = cursor ? pointed() : 0;
		const said = this.keys.map(({ name, hue, shade = 0, hint, values, now }, place) => {
			const span = this.spans[place];
			const text = cursor ? known(this.format)(values[index]) : now;
			mark(span, 'class', `key ${hue} s${name ? shade : '-'}`);
			mark(span, 'title', hint);
			put(span.firstChild, name);
			put(span.lastChild, text);
			return `${name} ${text}`.trim();
		});
		mark(this.canvas, 'aria-label', `${this.title}, ${cursor ? clock(cursor) : 'now'}: ${said.join(', ') || 'none'}`);
	}

	paint() {
		const { context, canvas: { width, height }, scale } = this;
		if (!frames.length || !width) return;
		// Where the numbers are: below the text of their scale, above that of the times.
		const bottom = height - (this.hasTimes ? 14 : 1) * scale;
		Object.assign(this, { bottom, from: end() - range(), perTime: width / range() });
		context.clearRect(0, 0, width, height);
		context.fillStyle = colour('blank');
		for (const { dark } of frames) if (dark) this.fill(...dark, 0, bottom);
		const top = this.heat ? this.paintHeat() : this.isStacked ? this.paintStack() : this.paintLines();
		if (top && this.keys.length) this.text(this.format(top), 0, 0, 'left', 'top');
		this.paintTimes();
		for (const { again, start } of frames) {
			if (!again) continue;
			this.text('↻', this.x(start) + 2 * scale, 0, 'left', 'top');
			context.fillRect(this.x(start), 0, scale, bottom);
		}
		context.fillStyle = colour('text');
		if (cursor) context.fillRect(this.x(cursor), 0, scale, bottom);
	}

	x(time) {
		return Math.max(Math.round((time - this.from) * this.perTime), 0);
	}

	y(part) {
		return Math.round(this.bottom - part * (this.bottom - 13 * this.scale));
	}

	fill(from, to, top, bottom) {
		const x = this.x(from);
		this.context.fillRect(x, top, Math.max(this.x(to) - x, 1), Math.max(bottom - top, 1));
	}

	text(text, x, y, align, baseline) {
		Object.assign(this.context, { textAlign: align, textBaseline: baseline, fillStyle: colour('faint') });
		this.context.fillText(text, x, y);
	}

	paintTimes() {
		const { scale, context, bottom, canvas: { width, height } } = this;
		context.fillStyle = colour('line');
		context.fillRect(0, bottom, width, 1);
		if (!this.hasTimes) return;
		const step = range() > 3e5 ? 12e4 : range() > 12e4 ? 6e4 : 15e3;
		for (let time = Math.ceil(this.from / step) * step; time < end(); time += step) {
			const x = this.x(time);
			context.fillRect(x, bottom, 1, 4 * scale);
			if (x > 22 * scale && x < width - 22 * scale) this.text(clock(time).slice(0, step < 6e4 ? 8 : 5), x, height, 'center', 'bottom');
		}
	}

	/** A round number that nothing finite is above. */
	top(lists) {
		let most = 0;
		for (const list of lists) for (const value of list) if (value > most && value < Infinity) most = value;
		const size = 10 ** Math.floor(Math.log10(most || 1));
		return [1, 2, 5, 10].map((step) => step * size).find((step) => step >= most);
	}

	paintLines() {
		const { context } = this;
		const top = this.top(this.keys.map(({ values }) => values));
		context.lineWidth = 1.25 * this.scale;
		for (const { values, hue, shade = 0 } of this.keys) {
			context.strokeStyle = shaded(hue, SHADES[shade]);
			context.beginPath();
			frames.forEach(({ start, time }, index) => {
				if (unknown(values[index])) return;
				const y = this.y(Math.min(values[index] / top, 1));
				if (unknown(values[index - 1])) context.moveTo(this.x(start), y);
				else context.lineTo(this.x(start), y);
				context.lineTo(this.x(time), y);
			});
			context.stroke();
		}
		return top;
	}

	paintStack() {
		const totals = frames.map((_, index) => this.keys.reduce((sum, { values }) => sum + (values[index] || 0), 0));
		const top = this.top([totals]);
		const floor = frames.map(() => 0);
		for (const { values, hue, shade = 0 } of this.keys) {
			this.context.fillStyle = shaded(hue, SHADES[shade]);
			frames.forEach(({ start, time }, index) => {
				if (!values[index]) return;
				const bottom = this.y(floor[index] / top);
				floor[index] += values[index];
				this.fill(start, time, Math.min(this.y(floor[index] / top), bottom - 1), bottom);
			});
		}
		return top;
	}

	/** A row for each bucket, the stronger the more requests are in it. */
	paintHeat() {
		const { context, heat, scale } = this;
		const y = (row) => Math.round(this.bottom * (1 - row / heat.length));
		const top = this.top(heat.map(({ values }) => values));
		heat.forEach(({ bound, values }, row) => {
			frames.forEach(({ start, time }, index) => {
				if (!values[index]) return;
				context.fillStyle = shaded('blue', 0.2 + 0.8 * Math.sqrt(values[index] / top));
				this.fill(start, time, y(row + 1), y(row));
			});
			context.fillStyle = colour('line');
			context.fillRect(0, y(row), this.canvas.width, 1);
			const text = (bound === Infinity ? '' : '≤') + duration(bound);
			context.fillStyle = colour('panel');
			context.fillRect(0, y(row + 1) + 1, context.measureText(text).width + 6 * scale, y(row) - y(row + 1) - 1);
			this.text(text, 3 * scale, (y(row) + y(row + 1)) / 2, 'left', 'middle');
		});
	}
}
