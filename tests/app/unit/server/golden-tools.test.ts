import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { listedTool } from '../../../../src/core/faces/mcp/tool-schemas.ts';

test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
  '%s equals its golden file (if the change is intended, run this file with -u and check the diff)',
  async (name, tool) => {
    const asSent = `${JSON.stringify(listedTool(tool), undefined, 2)}\n`;
    await expect(asSent).toMatchFileSnapshot(`../../../golden/tools/${name}.json`);
  },
);

test('there is no golden file of a removed tool', async () => {
  const files = (await readdir('tests/golden/tools')).map((name) => name.replace(/\.json$/, ''));
  expect(files.sort()).toEqual(TOOLS.map(({ name }) => name).sort());
});
