# SPDX-License-Identifier: MIT
"""The page of `report`: in a browser, from recordings that were made up, and from what block records here."""

import json
import os
import re
import resource
from contextlib import contextmanager

import recordings
from browser import Browser
from harness import LATENCYPROBE, Folder, Process, require, require_equal, run_plain
from registry import test

HOSTILE = (
    "</script><script>window.taken=1</script>", "<img src=x onerror=window.taken=1>",
    "\"'`><svg onload=window.taken=1>", "\u202ertl\u2066", "line\ntwo\ttabs", "\\xff\\xfe",
    "]]><!--", "&lt;b&gt;", "__proto__", "",
)
TIP = "document.getElementById('tip')"
BACKGROUND = "return getComputedStyle(document.body).backgroundColor"


def make_page(output, *runs):
    status, stdout, stderr = run_plain("report", *runs, "-o", output)
    require_equal((status, stdout, stderr), (0, "", ""), f"status, stdout and stderr of report {runs}")
    return output


@contextmanager
def page_of(make, *more):
    """The page of a recording that MAKE(path) writes, or of several beside each other."""
    with Folder() as folder, Browser() as browser:
        runs = []
        for number, one in enumerate((make, *more)):
            runs.append(folder / f"run{number}.jsonl")
            one(runs[-1])
        browser.path = make_page(folder / "report.html", *runs)
        browser.show(browser.path)
        yield browser


def minute(path):
    recordings.hour_of_block(path, 60)


def slower_minute(path):
    recordings.hour_of_block(path, 60, slowdown=2, seed=2)


def numbers(text):
    return [int(word.replace(",", "")) for word in text.replace("\n", " ").split() if word.replace(",", "").isdigit()]


@test("chromium", each=["light", "dark"])
def shows_everything(scheme):
    with page_of(minute) as browser:
        for width in (1280, 390, 320):
            browser.show(browser.path, width, scheme)
            browser.require_content()
            hidden = browser.js("return [...document.querySelectorAll('section[hidden]')].map((one) => one.id)")
            require_equal(hidden, ["sizes"], "sections that are not shown")
        cells, points, lines = map(browser.count, ("#heat .cells", "#heat circle.point", "#lines path.line"))
        require(cells > 3 and points > 10 and lines == 5, f"{cells} colours, {points} points, {lines} lines")
        require_equal(browser.count("#histogram-cards svg"), 8, "histograms")
        red, green, blue = map(int, re.findall(r"\d+", browser.js(BACKGROUND)))
        require_equal(red + green + blue > 3 * 128, scheme == "light", "whether the page is bright")


@test("chromium")
def no_sample_is_missing():
    """S1-20: the counts of all cells are the series' own, though six intervals share a column."""
    with page_of(lambda path: recordings.hour_of_block(path, 3600)) as browser:
        size = browser.path.stat().st_size
        require(size < 1_000_000, f"an hour takes {size} bytes")
        found = browser.js("""return RUNS[0].series.map((one) => [one.count, unpackHeat(one.heat).length,
            unpackHeat(one.heat).reduce((sum, column) => sum + column.counts.reduce((a, b) => a + b), 0)])""")
        for count, n_columns, total in found:
            require_equal((total, n_columns), (count, 600), "sum of all cells, columns")
        browser.require_content()


@test("chromium")
def keys_and_pointer():
    with page_of(recordings.run_by_size) as browser:
        lines = [json.loads(line) for line in (browser.path.parent / "run0.jsonl").read_text().splitlines()]
        labels = browser.js("return collectSeries()[0].labels")
        tenth = next(one for one in lines[9]["series"] if one["labels"] == labels)
        browser.focus("#choice")
        browser.press("Tab")
        require(browser.js("return document.activeElement.matches('#heat svg')"), "the focus is not on the heat map")
        require(not browser.js(f"return {TIP}.hidden"), "no tip at the focus")
        browser.press("Home", *["ArrowRight"] * 9, *["ArrowDown"] * 67)
        seen = {}
        for _ in range(67):
            text = browser.js(f"return {TIP}.textContent")
            here, total = numbers(text.splitlines()[2].replace("of", " ").replace("%", ""))[:2]
            require_equal(total, tenth["count"], f"operations of the tenth interval, in {text!r}")
            seen[text.splitlines()[0]] = here
            browser.press("ArrowUp")
        require_equal(sum(seen.values()), tenth["count"], "sum of what the tips said")
        browser.press("Escape")
        require(browser.js(f"return {TIP}.hidden"), "the tip is still there after Escape")
        for chart in ("#heat", "#lines", "#whole-histogram", "#histogram-cards", "#size-charts"):
            browser.point(f"{chart} .chart svg")
            require(not browser.js(f"return {TIP}.hidden"), f"no tip at {chart}")
        browser.require_content()


@test("chromium")
def chosen_series():
    with page_of(minute) as browser:
        titles = browser.texts("#choice option")
        require_equal(len(set(titles)), 8, "series to choose from")
        label = "return document.querySelector('#heat svg').getAttribute('aria-label')"
        require(browser.js(label).endswith(titles[0]), "the first one is not shown first")
        browser.focus("#choice")
        browser.press("ArrowDown")
        require(browser.js(label).endswith(titles[1]), "the arrow key chose no other")
        browser.point("#overview-table tbody tr:nth-child(5) button", click=True)
        require(browser.js(label).endswith(titles[4]), "the table chose no other")
        require_equal(browser.texts("#overview-table tr.current th"), [titles[4]], "the row that is marked")


def latencies_in_us(browser):
    texts = browser.texts("#outlier-table tbody td:nth-child(2)")
    return [float(text.rstrip("mus")) * (1000 if text.endswith("ms") else 1) for text in texts]


@test("chromium")
def sorted_tables():
    direction = "return document.querySelector('#outlier-table th:nth-child(2)').getAttribute('aria-sort')"

    with page_of(minute) as browser:
        first = latencies_in_us(browser)
        require_equal((browser.js(direction), first), ("descending", sorted(first, reverse=True)), "order at first")
        browser.point("#outlier-table th:nth-child(2) button", click=True)
        last = latencies_in_us(browser)
        require_equal((browser.js(direction), last), ("ascending", sorted(last)), "order after a click")
        require(last[0] < first[-1], "only the rows that were shown were sorted")
        browser.focus("#outlier-table th:nth-child(2) button")
        browser.press("Enter")
        require_equal(latencies_in_us(browser), first, "order after Enter")
        browser.point("#outlier-table .more", click=True)
        require_equal(len(latencies_in_us(browser)), 1000, "rows")
        browser.require_content()


@test("chromium")
def two_runs():
    with page_of(minute, slower_minute) as browser:
        browser.require_content()
        changes = dict(zip(browser.texts("#percentiles tbody th"), browser.texts("#percentiles td:last-child")))
        require(90 < float(changes["p50"].strip("+%")) < 110, f"twice as slow, but p50 {changes['p50']}")
        for selector in ("#facts > *", "#heat svg", "#lines svg", "#account-tables table", ".flame"):
            require_equal(browser.count(selector), 2, selector)
        require_equal(browser.count("#histogram-cards .bars1"), 8, "outlines of B")
        axes = [browser.texts(f"#heat > :nth-child({number}) text.end") for number in (1, 2)]
        require(axes[0] and axes[0] == axes[1], f"axes of the two: {axes}")
        browser.show(browser.path, 390)
        browser.require_content()


@test("chromium")
def two_that_have_nothing_in_common():
    with page_of(minute, recordings.run_by_size) as browser:
        titles = browser.texts("#choice option")
        require_equal(len(titles), 8 + 14, "series of either")
        for place in range(len(titles)):
            browser.choose("#choice", place)
            require_equal(browser.count("#heat svg"), 1, f"heat maps of {titles[place]}")
        browser.require_content()


@test("chromium")
def flame_graph():
    with page_of(minute) as browser:
        browser.focus(".flame button")
        browser.press("ArrowDown", "ArrowDown")
        require(browser.js(f"return {TIP}.textContent").startswith("run_job_"), "the keys do not move along the stack")
        width = "return document.activeElement.offsetWidth / document.querySelector('.flame').offsetWidth"
        require(browser.js(width) < 0.5, "one of seven is not narrow")
        browser.press("Enter")
        require(browser.js(width) > 0.99, "Enter does not make it as wide as all")
        browser.press("Enter")
        require(browser.js(width) < 0.5, "a second Enter does not go back")


@test("chromium")
def prints():
    with page_of(minute) as browser:
        browser.show(browser.path, 1280, "dark", media="print")
        require_equal(browser.js(BACKGROUND), "rgb(255, 255, 255)", "background on paper")
        document = browser.devtools("Page.printToPDF", printBackground=True)["data"]
        require(len(document) > 20_000, "the print is empty")
        browser.require_content()


def hostile_run(path):
    series = [recordings.make_series({"op": "read", "ret": "ok", "comm": name}, [(1000 * (place + 1), 5)])
              for place, name in enumerate(HOSTILE)]
    outliers = [recordings.make_outlier(0.5, 10**6, {"op": "read", "ret": "ok", "comm": name}) for name in HOSTILE]
    stacks = [{"folded": f"main;{name}", "count": 1, "sum_ns": 1000} for name in HOSTILE]
    bad = {"host": HOSTILE[0], "kernel": HOSTILE[1], "command_line": HOSTILE[2], "by": HOSTILE[3], "target": HOSTILE[4]}
    probes = [{"op": HOSTILE[0], "function": HOSTILE[1], "attach": HOSTILE[2], "missed": 0}]
    with open(path, "w", encoding="utf-8") as file:
        for number in (1, 0):
            more = {"outlier_ns": 1000, "outliers": outliers, "stacks": stacks, "probes": probes, **bad}
            file.write(json.dumps(recordings.make_snapshot(number, 0, 1, series, **more)) + "\n")


@test("chromium")
def hostile_names():
    """Text stays text: in the source of the page, in its elements, and in tips."""
    with Folder() as folder, Browser() as browser:
        run = os.fsencode(folder) + b"/<img src=x onerror=window.taken=1>\xff\n.jsonl"
        hostile_run(run)
        browser.path = make_page(folder / "report.html", run)
        require_equal(browser.path.read_bytes().count(b"</script>"), 2, "ends of scripts")
        browser.show(browser.path)
        for place in range(len(HOSTILE)):
            browser.choose("#choice", place)
            browser.point("#heat svg")
        require(not browser.js("return window.taken"), "a name was run")
        require_equal(browser.count("img, script:not([type]), iframe, object"), 1, "elements")
        text = browser.text()
        for name in (HOSTILE[0], HOSTILE[1], "\\u202ertl\\u2066", "line\\u000atwo\\u0009tabs", "\\xff\\xfe"):
            require(name in text, f"{name!r} is not on the page")
        require("\u202e" not in text, "a name turns round what stands beside it")
        browser.require_content()


@test("chromium")
def nothing_from_outside():
    """The page forbids itself the network, and other scripts than its own."""
    with page_of(minute) as browser:
        browser.js("""window.refused = [];
            addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
            const image = document.createElement("img"), script = document.createElement("script");
            image.src = "http://127.0.0.1:9/";
            script.textContent = "window.taken = 1";
            document.body.append(image, script);""")
        browser.wait_for("window.refused.length >= 2", "refusals")
        require_equal(sorted(browser.js("return refused")), ["img-src", "script-src-elem"], "what was refused")
        require(not browser.js("return window.taken"), "a script that is not the page's was run")


@test("chromium")
def many_series_and_none():
    """So many that only some have a course over time; and a run in which nothing happened."""
    def many(path):
        series = [recordings.make_series({"op": "read", "ret": "ok", "tid": str(tid)}, [(1000 + tid, 10)])
                  for tid in range(300)]
        lines = [recordings.make_snapshot(number, number, number + 1, series) for number in (1, 2)]
        for one in series:
            one.update(recordings.add_series(one, one))
        lines.append(recordings.make_snapshot(0, 1, 3, series))
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def none(path):
        path.write_text(json.dumps(recordings.make_snapshot(0, 0, 1, [])))

    with page_of(many) as browser:
        browser.require_content()
        require("none of them" not in browser.text(), "the first has no course over time")
        browser.choose("#choice", 299)
        require("none of them" in browser.text(), "the last has a course over time")
    with page_of(none) as browser:
        browser.require_content()
        require("Nothing was recorded" in browser.text(), "it is not said that there is nothing")


@test("root", "direct_root", "chromium")
def real_run():
    """What block records here, while this test reads and writes."""
    with Folder() as folder, Browser() as browser:
        run, data = folder / "run.jsonl", folder / "data"
        command = ["sh", "-c", f"dd if=/dev/zero of={data} bs=4k count=200 oflag=direct,dsync 2>&1; sleep 0.5"]
        with Process(LATENCYPROBE, "block", "-i", "0.1", "--outlier", "1us", "-o", run, "--", *command) as process:
            process.wait()
        browser.show(make_page(folder / "report.html", run))
        browser.require_content()
        titles = browser.texts("#choice option")
        browser.choose("#choice", [title.startswith("write  device") for title in titles].index(True))
        require(browser.count("#heat circle.point") > 10, "no outliers on the heat map")


@test()
def time_grows_with_the_run():
    """Four times as long takes about four times as long, so that a day can be shown, too."""
    def cpu_s():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    with Folder() as folder:
        taken = []
        for n_intervals in (400, 1600):
            recordings.steady_run(folder / "run.jsonl", n_intervals)
            before = cpu_s()
            make_page(folder / "report.html", folder / "run.jsonl")
            taken.append(cpu_s() - before)
        require(taken[1] < 12 * taken[0], f"{taken[0]:.2f} s for 400 intervals, {taken[1]:.2f} s for 1600")


@test()
def report_words():
    with Folder() as folder:
        minute(folder / "run.jsonl")
        status, stdout, _ = run_plain("report", folder / "run.jsonl")
        require_equal((status, stdout[:15], stdout[-8:]), (0, "<!DOCTYPE html>", "</html>\n"), "status, page on stdout")
        status, stdout, _ = run_plain("report", "--help")
        require(status == 0 and "Examples:" in stdout and "--output" in stdout, f"help: {stdout}")
        (folder / "bad.jsonl").write_text("{}")
        bad_runs = ([folder / "none"], [folder / "bad.jsonl"], [folder / "run.jsonl", "-o", folder / "none" / "page"])
        bad_words = ([], ["--nonsense"], ["-o"], ["a", "b", "c"], ["-", "-"])
        for expected, args in [(1, args) for args in bad_runs] + [(2, args) for args in bad_words]:
            status, stdout, stderr = run_plain("report", *args)
            require_equal((status, stdout, stderr.count("\n")), (expected, "", 1), f"report {args}: {stderr!r}")
