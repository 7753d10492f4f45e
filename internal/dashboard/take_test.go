package dashboard

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// takeAll takes each picture of the page away in each way that was not taken before, and gives what is wrong with what
// came.
const takeAll = `(async (before) => {
	const came = [], wrong = [], seen = [];
	let copied = '';
	URL.createObjectURL = (blob) => { came.push({blob}); return 'data:,'; };
	HTMLAnchorElement.prototype.click = function () { came.at(-1).name = this.download; };
	Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { copied = text; }}});
	const until = async (is, what) => {
		for (const begun = Date.now(); !is(); await new Promise((done) => setTimeout(done, 20)))
			if (Date.now() - begun > 30_000) throw new Error('no ' + what);
	};
	for (const f of document.querySelectorAll('figure.figure')) {
		if (f.querySelector('.nothing')) continue;
		const title = f.querySelector('h3').textContent;
		if (before.includes(title)) continue;
		seen.push(title);
		const tell = (what) => wrong.push(title + ': ' + what);
		f.querySelector('summary').click();
		await until(() => f.querySelector('details table'), 'table of ' + title);
		const lines = f.querySelectorAll('details tbody tr').length;
		if (lines === 0) tell('the table is empty');
		const button = (way) => [...f.querySelectorAll('button')].find((b) => b.textContent === way);
		const take = async (way) => {
			const had = came.length;
			button(way).click();
			await until(() => came.length > had && came.at(-1).name, way + ' of ' + title);
			if (!came.at(-1).name.endsWith('.' + way.toLowerCase())) tell(way + ' is called ' + came.at(-1).name);
			return came.at(-1).blob;
		};
		const csv = await (await take('CSV')).text();
		if (csv.trim().split('\n').length !== lines + 1) tell('CSV has ' + csv.trim().split('\n').length + ' lines');
		const json = JSON.parse(await (await take('JSON')).text());
		if (json.length !== lines || Object.keys(json[0]).length < 2) tell('JSON has ' + json.length);
		button('Copy').click();
		if (copied.trim().split('\n').length !== lines + 1) tell('what is copied has not the lines of the table');
		const svg = await (await take('SVG')).text();
		const drawn = new DOMParser().parseFromString(svg, 'image/svg+xml');
		if (drawn.querySelector('parsererror')) tell('SVG: ' + drawn.querySelector('parsererror').textContent);
		if (!drawn.documentElement.textContent.includes(title)) tell('SVG does not say what it is');
		for (const inner of drawn.querySelectorAll('svg svg'))
			if (inner.querySelectorAll('path, rect, circle, line').length < 2) tell('SVG has nothing in it');
		if (title === 'Difference of the medians' && !/A: ?location=fra/.test(drawn.documentElement.textContent))
			tell('it does not say what A is');
		const sheet = document.body.appendChild(document.importNode(drawn.documentElement, true));
		for (const e of sheet.querySelectorAll(':scope > text'))
			if (e.getBBox().x + e.getBBox().width > 960) tell(e.textContent + ' is beyond the edge');
		sheet.remove();
		for (const e of drawn.querySelectorAll('text')) {
			const edge = e.getAttribute('stroke') ?? 'none';
			if (edge !== 'none' && !e.getAttribute('paint-order')?.startsWith('stroke'))
				tell(e.textContent + ' lies under its edge');
			if (/^[.,;:]/.test(e.textContent)) tell(e.textContent + ' stands apart from its word');
		}
		if (drawn.querySelectorAll('svg svg').length === 0) tell('SVG has no picture');
		const bad = /color-mix|var\(|class=|NaN|undefined/.exec(svg);
		if (bad) tell('SVG has ' + bad[0]);
		const image = await createImageBitmap(await take('PNG'));
		const paper = new OffscreenCanvas(image.width, image.height).getContext('2d');
		paper.drawImage(image, 0, 0);
		const points = new Uint32Array(paper.getImageData(0, 0, image.width, image.height).data.buffer);
		if (new Set(points.filter((_, i) => i % 7 === 0)).size < 5 || image.width < 1000) tell('PNG has nothing in it');
	}
	return JSON.stringify({seen, wrong});
})`

// TestEveryPictureCanBeTaken: each kind of picture has a table, and comes as a file of each kind with all of the
// table's lines and with what is drawn.
func TestEveryPictureCanBeTaken(t *testing.T) {
	url, _ := shownAt(t)
	p := opensTab(t)
	n, pictures := 0, map[string]bool{}
	for view, what := range everyView() {
		n++
		p.open(fmt.Sprintf("%s/?%d#view=%s", url, n, view))
		p.shows(what)
		before, err := json.Marshal(slices.AppendSeq([]string{}, maps.Keys(pictures)))
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Seen, Wrong []string }
		if err := json.Unmarshal([]byte(p.eval(takeAll+"("+string(before)+")")), &got); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range got.Wrong {
			t.Errorf("%s: %s", view, wrong)
		}
		for _, title := range got.Seen {
			pictures[title] = true
		}
	}
	for _, title := range []string{"Where", "Round trip over time", "Where the pings lie", "Percentiles",
		"Distribution", "Can they be trusted?", "Difference of the medians",
		"Every ping", "Each way by itself", "Jitter buffer",
		"Turn by turn", "Every turn", "Mouth to ear, as measured", "What a voice would take"} {
		if !pictures[title] {
			t.Errorf("no picture is called %s; there are %v", title, pictures)
		}
	}
}
