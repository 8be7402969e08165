// What the scripted agent does instead of thinking: cuts units.mjs at its headings, for the kinds on the command line.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const kinds = process.argv.slice(2);
let units = readFileSync('units.mjs', 'utf8');
mkdirSync('units', { recursive: true });
for (const kind of kinds) {
  const heading = `// ---- ${kind} ----\n`;
  const start = units.indexOf(heading);
  if (start < 0) throw new Error(`units.mjs has no part for ${kind}`);
  const next = units.indexOf('// ---- ', start + 1);
  const end = next < 0 ? units.length : next;
  writeFileSync(`units/${kind}.mjs`, `${units.slice(start + heading.length, end).trim()}\n`);
  units = `export * from './units/${kind}.mjs';\n${units.slice(0, start)}${units.slice(end)}`;
}
writeFileSync('units.mjs', `${units.trim()}\n`);
