// Judges one page that is served: axe-core finds nothing, nothing is printed to the console, nothing foreign is requested, nothing is wider
// than the window, and a chart has its size.
//
//     node status.mjs NODE_MODULES ADDRESS CHROMIUM FOLDER
//
// A picture of each window is left in FOLDER.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const [modules, address, chromium, folder] = process.argv.slice(2);
const require = createRequire(path.resolve(modules, "x.js"));
const { chromium: browsers } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const failures = [];
const browser = await browsers.launch({ executablePath: chromium, args: ["--no-sandbox"] });

for (const width of [390, 1280]) {
  for (const colorScheme of ["light", "dark"]) {
    const where = `${address} at ${width} px, ${colorScheme}`;
    // With the page's own policy: it must not break its own rules.
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    page.on("console", (message) => failures.push(`${where}: the console says ${message.text()}`));
    page.on("pageerror", (error) => failures.push(`${where}: ${error}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(new URL(address).origin) && !request.url().startsWith("data:")) failures.push(`${where}: it asks for ${request.url()}`);
    });
    await page.goto(address, { waitUntil: "load" });
    await page.screenshot({ path: path.join(folder, `${width}-${colorScheme}.png`) });
    if ((await page.locator(".row").count()) === 0) failures.push(`${where}: no source is listed`);
    const chart = await page.locator(".chart").first().boundingBox();
    if (chart && (chart.width < 60 || chart.height < 20)) failures.push(`${where}: a chart is ${chart.width} by ${chart.height} px`);
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    if (wide > width) failures.push(`${where}: it is ${wide} px wide`);
    await context.close();
    // The judge itself is a script, which the policy of the page refuses.
    const open = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
    const judged = await open.newPage();
    await judged.goto(address, { waitUntil: "load" });
    await judged.evaluate("[...document.querySelectorAll('details')].forEach((details) => { details.open = document.querySelectorAll('.row').length < 100 })");
    await judged.evaluate(axe);
    const { violations } = await judged.evaluate("axe.run()");
    for (const { id, nodes } of violations) failures.push(`${where}: axe ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
    await judged.screenshot({ path: path.join(folder, `${width}-${colorScheme}-whole.png`), fullPage: (await judged.locator(".row").count()) < 100 });
    await open.close();
  }
}
await browser.close();
console.log(`axe-core: ${address}, 2 widths, light and dark`);
if (failures.length > 0) {
  console.error([...new Set(failures)].slice(0, 40).join("\n"));
  process.exit(1);
}
