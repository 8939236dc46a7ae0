// Judges pages in a browser: axe-core finds nothing, nothing is printed to the console, nothing foreign is requested, nothing is wider than
// the window; Lighthouse gives at least 95 of 100.
//
//     node judge.mjs NODE_MODULES FOLDER CHROMIUM
//
// FOLDER is that of publish.py. Its output is served on 127.0.0.1, compressed as web servers do it.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, world, chromium] = process.argv.slice(2);
const folder = path.join(world, "output");
const base = readFileSync(path.join(world, "base"), "utf8");
const require = createRequire(path.resolve(modules, "x.js"));
const { chromium: browsers } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".atom": "text/xml; charset=utf-8", ".rss": "text/xml; charset=utf-8" };
const LEAST = 95;
const failures = [];

const server = createServer((request, response) => {
  const name = path.basename(request.url.split("?")[0]) || "index.html";
  if (name === "robots.txt") return response.writeHead(404).end();
  try {
    const body = gzipSync(readFileSync(path.join(folder, name)));
    response.writeHead(200, { "content-type": TYPES[path.extname(name)] ?? "application/octet-stream", "content-encoding": "gzip" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(new URL(base).port, "127.0.0.1");
await new Promise((resolve) => server.on("listening", resolve));
const pages = readdirSync(folder).filter((name) => name.endsWith(".html")).sort();
if (pages.length < 10) failures.push(`only ${pages.length} pages`);

const port = 9300 + (process.pid % 500);
const browser = await browsers.launch({ executablePath: chromium, args: ["--no-sandbox", `--remote-debugging-port=${port}`] });
const PICTURE = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

async function judge(name, width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  const where = `${name} at ${width} px, ${colorScheme}`;
  const foreign = new Set();
  page.on("console", (message) => failures.push(`${where}: the console says ${message.text()}`));
  page.on("pageerror", (error) => failures.push(`${where}: ${error}`));
  await page.route((url) => !url.href.startsWith(base), (route) => {
    foreign.add(route.request().url());
    return route.fulfill({ contentType: "image/gif", body: PICTURE });
  });
  await page.goto(base + name, { waitUntil: "load" });
  await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })");
  await page.evaluate(axe);
  const { violations } = await page.evaluate("axe.run()");
  for (const { id, nodes } of violations) failures.push(`${where}: axe ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  const wide = await page.evaluate("document.documentElement.scrollWidth");
  if (wide > width) failures.push(`${where}: it is ${wide} px wide`);
  if (foreign.size > 0 && !name.startsWith("photos")) failures.push(`${where}: it asks for ${[...foreign].slice(0, 3)}`);
  await context.close();
}

/** The same page under its own policy: it must not break its own rules. */
async function obeys(name) {
  const page = await browser.newPage();
  page.on("console", (message) => failures.push(`${name}: the console says ${message.text()}`));
  await page.goto(base + name, { waitUntil: "load" });
  await page.close();
}

/** A feed that a browser opens shows a page. */
async function shows(name, words) {
  const page = await browser.newPage();
  await page.goto(base + name, { waitUntil: "load" });
  const notice = await page.evaluate("getComputedStyle(document.documentElement, '::before').content");
  if (!notice.includes(words)) failures.push(`${name}: the browser shows ${notice}`);
  await page.close();
}

for (const name of pages) {
  for (const width of [390, 1280]) {
    for (const scheme of ["light", "dark"]) await judge(name, width, scheme);
  }
  if (!name.startsWith("photos")) await obeys(name);
}
await shows("presse.atom", "feed");
await shows("presse.rss", "feed");
console.log(`axe-core: ${pages.length} pages, 2 widths, light and dark`);

const { default: lighthouse } = await import(pathToFileURL(require.resolve("lighthouse")));
for (const formFactor of ["mobile", "desktop"]) {
  const settings = formFactor === "desktop" ? { formFactor, screenEmulation: { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false } } : { formFactor };
  // Pages with texts of others ask search engines not to list them, as they should.
  const config = { extends: "lighthouse:default", settings: { ...settings, skipAudits: ["is-crawlable"] } };
  const { lhr } = await lighthouse(base + "beaucoup.html", { port, onlyCategories: ["performance", "accessibility", "best-practices", "seo"] }, config);
  const scores = Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]);
  console.log(`Lighthouse, ${formFactor}: ${scores.map(([id, score]) => `${id} ${score}`).join(", ")}`);
  for (const [id, score] of scores) {
    const wanting = lhr.categories[id].auditRefs.filter(({ id, weight }) => weight > 0 && lhr.audits[id].score < 1).map(({ id }) => id);
    if (!(score >= LEAST)) failures.push(`Lighthouse, ${formFactor}: ${id} ${score} (${wanting.join(", ")})`);
  }
}
await browser.close();
server.close();
if (failures.length > 0) {
  console.error([...new Set(failures)].slice(0, 60).join("\n"));
  process.exit(1);
}
