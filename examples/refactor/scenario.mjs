import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The scripted agent runs this file too, instead of thinking: a sandbox opens no other one of the example.
const OWN = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN) split(process.argv.slice(2));

/** Cuts units.mjs at its headings. */
function split(kinds) {
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
}

const phase = (name, kinds) => ({
  name,
  files: ['units.mjs', ...kinds.map((kind) => `units/${kind}.mjs`)],
  check: `${kinds.map((kind) => `test -f units/${kind}.mjs`).join(' && ')} && node --test`,
  steps: kinds.map((kind) => `Move ${kind} to units/${kind}.mjs, and export it from units.mjs`),
  does: [
    { act: 'check', command: `node '${OWN}' ${kinds.join(' ')}` },
    // An edit without a change: it names the files that the script has written for the commit.
    ...['units.mjs', ...kinds.map((kind) => `units/${kind}.mjs`)].map((path) => ({
      act: 'edit',
      path,
      append: true,
    })),
  ],
});

export default {
  about: 'One long file becomes modules; the suite stays as it was, and green.',
  story: {
    title: 'One module for each kind',
    questions: [
      {
        text: 'What do those who import units.mjs see afterwards? It decides whether their code changes.',
        options: ['units.mjs exports what it did', 'they import the modules themselves'],
        suggestion: { letters: ['A'], reason: 'the task asks for no change to them' },
      },
    ],
    requirements: [
      {
        id: 'R1',
        text: 'No module has more than 120 lines',
        check: "test -f units/angle.mjs && awk 'FNR > 120 { exit 1 }' units.mjs units/*.mjs",
      },
      { id: 'R2', text: 'units.mjs exports the same functions', check: 'reviewed' },
    ],
    context:
      'units.mjs has ten parts that do not use each other. test/units.test.mjs imports units.mjs alone and stays as it is.',
    phases: [
      phase('Length, mass and time', ['length', 'mass', 'time']),
      phase('Area, volume and speed', ['area', 'volume', 'speed']),
      phase('Pressure, energy, data and angle', ['pressure', 'energy', 'data', 'angle']),
    ],
  },
};
