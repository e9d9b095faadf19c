// Makes the files that the binary carries. Run by `cargo xtask web`; what it writes is committed, so that building the
// program takes no npm.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PurgeCSS } from "purgecss";
import { transform } from "lightningcss";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const out = process.argv[2] ?? join(here, "../assets");
const text = (...path) => readFileSync(join(...path), "utf8");

const candidate = ["button", "code", "data-badge", "heading", "link", "mark", "number-badge", "paragraph", "skip-link"];
const components = [
  text(modules, "@utrecht/component-library-css/dist/index.css"),
  ...candidate.map((name) => text(modules, `@nl-design-system-candidate/${name}-css/dist/${name}.css`)),
];
const own = text(here, "style.css");

// Only what a template or a plot uses.
const folders = ["web", "desk", "console", "inzage", "demo", "authorisation"].flatMap((name) => [`../../${name}/templates`, `../../${name}/src`]);
const content = folders
  .map((folder) => join(here, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((path) => join(folder, path)))
  .filter((path) => /\.(html|rs)$/.test(path))
  .sort()
  .map((path) => ({ raw: text(path), extension: path.split(".").pop() }));
const [purged] = await new PurgeCSS().purge({
  content,
  css: [{ raw: components.join("\n") }],
  defaultExtractor: (raw) => raw.match(/[A-Za-z0-9_-]+/g) ?? [],
});

// Of the design tokens only those that are looked up, and those that these look up.
const tokens = new Map();
const theme = text(modules, "@nl-design-system-unstable/voorbeeld-design-tokens/dist/theme.css");
for (const [, name, value] of theme.matchAll(/^\s*(--[\w-]+):\s*(.*);$/gm)) tokens.set(name, value);
const wanted = new Set();
const look = (css) => {
  for (const [, name] of css.matchAll(/var\(\s*(--[\w-]+)/g)) {
    if (tokens.has(name) && !wanted.has(name)) {
      wanted.add(name);
      look(tokens.get(name));
    }
  }
};
look(purged.css);
look(own);
const root = [...wanted].sort().map((name) => `${name}:${tokens.get(name)};`).join("\n");

const sheet = `:root{${root}}\n${purged.css}\n${own}`;
const { code } = transform({
  filename: "ketenwijzer.css",
  code: Buffer.from(sheet),
  minify: true,
  targets: { chrome: 111 << 16, firefox: 115 << 16, safari: (16 << 16) | (4 << 8) },
});

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "ketenwijzer.css"), code);
writeFileSync(join(out, "htmx.js"), text(modules, "htmx.org/dist/htmx.min.js"));
writeFileSync(join(out, "ketenwijzer.js"), text(here, "ketenwijzer.js"));
writeFileSync(join(out, "icon.svg"), text(here, "icon.svg"));

const require = createRequire(import.meta.url);
const names = Object.keys(require("./package.json").devDependencies).filter((name) => !/lightningcss|purgecss/.test(name));
const notices = names.map((name) => {
  const { version, license } = JSON.parse(text(modules, name, "package.json"));
  return `${name} ${version} (${license})`;
});
writeFileSync(join(out, "NOTICES.txt"), `Parts of these files come from:\n\n${notices.join("\n")}\n`);
