// Writes what `import` gets: the names of the CommonJS build, so that there is one implementation for both, and an
// error of one is an instance of a class of the other.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const dist = new URL("../dist/", import.meta.url);
const names = Object.keys(createRequire(import.meta.url)("../dist/index.js")).filter((it) => it !== "default");

const values = names.sort().map((name) => `export const ${name} = all.${name};\n`);
writeFileSync(new URL("index.mjs", dist), `import all from "./index.js";\n\n${values.join("")}export default all.default;\n`);
writeFileSync(
  new URL("index.d.mts", dist),
  'import { OpenWAClient } from "./index.js";\n\nexport * from "./index.js";\nexport default OpenWAClient;\n',
);
