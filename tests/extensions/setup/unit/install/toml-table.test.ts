import fc from 'fast-check';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { hasTable, withoutTable } from '../../../../../src/extensions/setup/install/installed-part.ts';

const AT = ['plugins', 'samocode@samocode'] as const;
const OURS = '\n[plugins."samocode@samocode"]\nenabled = true\n';
const PIECE = fc.constantFrom('# [plugins."samocode@samocode"]\n', 'model = "x" # why\n');
const TABLE = fc.constantFrom(
  '\n[plugins."other@x"]\na = 1\n',
  '\n# theirs\n[mcp_servers.b]\r\nc = "d"\r\n',
  '\n[[e]]\nf=1\n',
);

test("samocode's table is cut out of any settings byte by byte", () => {
  const pieces = fc.tuple(
    fc.uniqueArray(PIECE),
    fc.uniqueArray(TABLE, { maxLength: 2 }),
    fc.integer({ min: 0, max: 2 }),
  );
  fc.assert(
    fc.property(pieces, ([top, tables, index]) => {
      const before = [...top, ...tables].join('');
      const text = [...top, ...tables.slice(0, index), OURS, ...tables.slice(index)].join('');
      expect(hasTable(before, AT)).toBe(false);
      expect(hasTable(text, AT)).toBe(true);
      expect(withoutTable(text, AT)).toBe(before);
    }),
  );
});

test.each([
  ['[plugins]\n"samocode@samocode" = { enabled = true }\n'],
  ['plugins."samocode@samocode".enabled = true\n'],
  [`text = '''\n[plugins."samocode@samocode"]\n'''\n${OURS}`],
])('a table that cannot be cut out safely is refused: %s', (text) => {
  expect(hasTable(text, AT)).toBe(true);
  expect(withoutTable(text, AT)).toBeUndefined();
});

test("subtables of samocode's table are removed with it, and unrelated tables are kept", () => {
  const text = `${OURS}[plugins."samocode@samocode".more]\na = 1\n\n[plugins."samocode@samocode2"]\nb = 2\n`;
  expect(parse(withoutTable(text, AT) ?? '')).toEqual({ plugins: { 'samocode@samocode2': { b: 2 } } });
});
