import { FAMILIES, UNITS, type Unit } from './units.ts';

export type Files = Readonly<Record<string, string>>;

export function unitFiles(family: string): Files {
  const units = UNITS.filter((unit) => unit.family === family);
  return Object.fromEntries([
    ...units.map((unit) => [`src/units/${family}/${unit.name}.js`, unitModule(unit)]),
    [`src/units/${family}/index.js`, familyIndex(units)],
    [`tests/${family}.test.js`, familyTest(family)],
  ]);
}

export function unitDocs(family: string): Files {
  const units = UNITS.filter((unit) => unit.family === family);
  return Object.fromEntries(
    units.map((unit) => [
      `docs/units/${family}/${unit.name}.md`,
      `# ${unit.name} (${unit.symbol})\n\nFamily: ${family}. One ${unit.name} is ${unit.factor} base units.\n`,
    ]),
  );
}

/** The list of families that are known once the first `count` have been written. */
export function registryFile(count: number): Files {
  const families = FAMILIES.slice(0, count);
  const imports = families.map(
    (family) => `import { units as ${family} } from './units/${family}/index.js';`,
  );
  return {
    'src/registry.js': `${imports.join('\n')}

const all = [${families.map((family) => `...${family}`).join(', ')}];

/** The unit with this symbol, or undefined. */
export function unitBySymbol(symbol) {
  return all.find((unit) => unit.symbol === symbol);
}

export function unitsOf(family) {
  return all.filter((unit) => unit.family === family);
}
`,
  };
}

export const CORE_FILES: Files = {
  'src/convert.js': `import { unitBySymbol } from './registry.js';

/** Converts a number between two units of one family. */
export function convert(value, from, to) {
  const source = knownUnit(from);
  const target = knownUnit(to);
  if (source.family !== target.family) throw new Error(\`\${from} is \${source.family}, \${to} is \${target.family}\`);
  return (value * source.factor) / target.factor;
}

function knownUnit(symbol) {
  const unit = unitBySymbol(symbol);
  if (!unit) throw new Error(\`unknown unit: \${symbol}\`);
  return unit;
}
`,
  'src/parse.js': `/** Reads "3.5 km" as a value and a unit. */
export function parse(text) {
  const match = /^\\s*(-?\\d+(?:\\.\\d+)?)\\s*([A-Za-z]+)\\s*$/.exec(text);
  if (!match) throw new Error(\`not an amount: \${text}\`);
  return { value: Number(match[1]), unit: match[2] };
}
`,
  'src/format.js': `/** At most six significant digits, without trailing zeros. */
export function format(value, unit) {
  return \`\${Number(value.toPrecision(6))} \${unit}\`;
}
`,
};

export const CORE_TEST: Files = {
  'tests/parse.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../src/parse.js';

test('an amount is a number and a unit', () => {
  assert.deepEqual(parse(' 3.5 km'), { value: 3.5, unit: 'km' });
});

test('anything else is refused', () => {
  assert.throws(() => parse('3 km 5'), /not an amount/);
});
`,
};

export const COMMAND_FILE: Files = {
  'bin/quay.js': `#!/usr/bin/env node
import { convert } from '../src/convert.js';
import { format } from '../src/format.js';
import { parse } from '../src/parse.js';

const [amount, target] = process.argv.slice(2);
const { value, unit } = parse(amount);
console.log(format(convert(value, unit, target), target));
`,
};

function unitModule({ name, symbol, family, factor }: Unit): string {
  const fields = `name: '${name}', symbol: '${symbol}', family: '${family}', factor: ${factor}`;
  return `/** One ${name} in base units of ${family}. */\nexport const unit = { ${fields} };\n`;
}

function familyIndex(units: readonly Unit[]): string {
  const imports = units.map((unit, index) => `import { unit as u${index} } from './${unit.name}.js';`);
  const names = units.map((_, index) => `u${index}`);
  return `${imports.join('\n')}\n\nexport const units = [${names.join(', ')}];\n`;
}

function familyTest(family: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convert } from '../src/convert.js';
import { units } from '../src/units/${family}/index.js';

test('every unit of ${family} converts there and back', () => {
  for (const { symbol } of units) {
    const there = convert(7, symbol, units[0].symbol);
    assert.ok(Math.abs(convert(there, units[0].symbol, symbol) - 7) < 1e-9, symbol);
  }
});
`;
}
