// Brings yarn.json up to date from the npm package, or compares both lists with those that a pnpm executable embeds.
// See README.md beside this file.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const ours = (file) => JSON.parse(readFileSync(join(here, file), "utf8"));

// One map of selectors, entries of one selector joined as the program joins them, keys sorted.
function joined(entries) {
  const bySelector = {};
  for (const [selector, extension] of entries) {
    const before = (bySelector[selector] ??= {});
    for (const [field, added] of Object.entries(extension)) before[field] = { ...added, ...before[field] };
  }
  const sorted = (value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
      : value;
  return sorted(bySelector);
}

function report(name, before, after) {
  const [left, right] = [joined(before), joined(after)];
  const selectors = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  const changed = selectors.filter((selector) => JSON.stringify(left[selector]) !== JSON.stringify(right[selector]));
  console.log(`${name}: ${Object.keys(right).length} selectors, ${changed.length} differ`);
  for (const selector of changed) {
    console.log(`  ${selector}\n    - ${JSON.stringify(left[selector])}\n    + ${JSON.stringify(right[selector])}`);
  }
  return changed.length === 0;
}

// The JSON list that begins at a selector inside an executable.
function embedded(text, selector) {
  const start = text.lastIndexOf("[\n  [", text.indexOf(`[\n    "${selector}"`));
  const end = text.indexOf("\n]", start);
  return JSON.parse(text.slice(start, end + 2));
}

const [first, second] = process.argv.slice(2);
if (first === "--compare") {
  const text = readFileSync(second, "latin1");
  const same = ["yarn.json", "pnpm.json"].map((file) => report(file, ours(file), embedded(text, ours(file)[0][0])));
  process.exit(same.every(Boolean) ? 0 : 1);
}
const folder = mkdtempSync(join(tmpdir(), "extensions-"));
const wanted = `@yarnpkg/extensions@${first ?? "latest"}`;
const [{ filename, version }] = JSON.parse(execFileSync("npm", ["pack", "--json", wanted], { cwd: folder, encoding: "utf8" }));
execFileSync("tar", ["-xzf", filename], { cwd: folder });
const { packageExtensions } = createRequire(import.meta.url)(join(folder, "package", "lib", "index.js"));
report("yarn.json", ours("yarn.json"), packageExtensions);
writeFileSync(join(here, "yarn.json"), `${JSON.stringify(packageExtensions, null, 1)}\n`);
console.log(`yarn.json is that of ${version}; name the version in README.md`);
