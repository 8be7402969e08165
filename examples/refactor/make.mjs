// Writes units.mjs as copy and paste has left it: for each kind of quantity the same functions once more.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KINDS = {
  length: { m: 1, km: 1000, cm: 0.01, mm: 0.001, in: 0.0254, ft: 0.3048, yd: 0.9144, mi: 1609.344 },
  mass: { kg: 1, g: 0.001, mg: 0.000001, t: 1000, lb: 0.45359237, oz: 0.028349523125, st: 6.35029318 },
  time: { s: 1, ms: 0.001, min: 60, h: 3600, d: 86400, wk: 604800 },
  area: { m2: 1, km2: 1000000, cm2: 0.0001, ha: 10000, ac: 4046.8564224, ft2: 0.09290304 },
  volume: { l: 1, ml: 0.001, m3: 1000, gal: 3.785411784, pt: 0.473176473, cup: 0.2365882365 },
  speed: { mps: 1, kmh: 1 / 3.6, mph: 0.44704, kn: 1852 / 3600, fps: 0.3048 },
  pressure: { pa: 1, kpa: 1000, bar: 100000, atm: 101325, psi: 6894.757293168 },
  energy: { j: 1, kj: 1000, cal: 4.184, kcal: 4184, wh: 3600, kwh: 3600000 },
  data: { b: 1, kb: 1000, mb: 1000000, gb: 1000000000, kib: 1024, mib: 1048576, gib: 1073741824 },
  angle: { rad: 1, deg: Math.PI / 180, grad: Math.PI / 200, turn: 2 * Math.PI },
};

const folder = process.argv[2];
const title = (kind) => kind[0].toUpperCase() + kind.slice(1);
const firstUnit = (units) => Object.keys(units)[0];

function section(kind, units) {
  const name = title(kind);
  const base = firstUnit(units);
  const cases = (line) =>
    Object.entries(units).flatMap(([unit, factor]) => [`    case '${unit}':`, `      ${line(unit, factor)}`]);
  return `// ---- ${kind} ----

export function to${name}Base(value, unit) {
  switch (unit) {
${cases((_, factor) => `return value * ${factor};`).join('\n')}
    default:
      throw new RangeError('unknown unit of ${kind}: ' + unit);
  }
}

export function from${name}Base(value, unit) {
  switch (unit) {
${cases((_, factor) => `return value / ${factor};`).join('\n')}
    default:
      throw new RangeError('unknown unit of ${kind}: ' + unit);
  }
}

export function convert${name}(value, from, to) {
  if (from === to) {
    return value;
  }
  return from${name}Base(to${name}Base(value, from), to);
}

export function parse${name}(text) {
  const found = /^\\s*(-?\\d+(?:\\.\\d+)?)\\s*([a-z]+\\d?)\\s*$/i.exec(text);
  if (found === null) {
    throw new SyntaxError('no ${kind}: ' + text);
  }
  return to${name}Base(Number(found[1]), found[2].toLowerCase());
}

export function format${name}(value, unit, digits) {
  const converted = from${name}Base(value, unit);
  return converted.toFixed(digits === undefined ? 2 : digits) + ' ' + unit;
}

export function compare${name}(left, right) {
  const difference = parse${name}(left) - parse${name}(right);
  if (difference < 0) {
    return -1;
  }
  if (difference > 0) {
    return 1;
  }
  return 0;
}

export function sum${name}(texts, unit) {
  let total = 0;
  for (const text of texts) {
    total += parse${name}(text);
  }
  return format${name}(total, unit === undefined ? '${base}' : unit);
}
`;
}

function suite(kind, units) {
  const name = title(kind);
  const [base, other] = Object.keys(units);
  return `test('${kind}', () => {
  near(units.convert${name}(units.convert${name}(3, '${base}', '${other}'), '${other}', '${base}'), 3);
  near(units.parse${name}('2 ${other}'), 2 * ${units[other]});
  assert.equal(units.compare${name}('1 ${base}', '2 ${base}'), -1);
  assert.equal(units.sum${name}(['1 ${base}', '2 ${base}']), '3.00 ${base}');
  assert.throws(() => units.parse${name}('much'), SyntaxError);
  assert.throws(() => units.convert${name}(1, '${base}', 'smoot'), RangeError);
});
`;
}

const each = (write) =>
  Object.entries(KINDS)
    .map(([kind, units]) => write(kind, units))
    .join('\n');
mkdirSync(join(folder, 'test'), { recursive: true });
writeFileSync(join(folder, 'units.mjs'), each(section));
writeFileSync(
  join(folder, 'test/units.test.mjs'),
  `import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as units from '../units.mjs';

const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-9 * Math.max(1, Math.abs(wanted)));

${each(suite)}
test('what the library gives is as it was', () => {
  assert.equal(Object.keys(units).length, ${7 * Object.keys(KINDS).length});
});
`,
);
const manifest = { name: 'units', private: true, type: 'module', scripts: { test: 'node --test' } };
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
