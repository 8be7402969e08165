import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { listedTool } from '../../src/kit/mcp/tool-schemas.ts';
import { TOOLS } from '../../src/server/tools.ts';

test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
  '%s is what clients were promised (meant otherwise? run this file with -u and look at the difference)',
  async (name, tool) => {
    const asSent = `${JSON.stringify(listedTool(tool), undefined, 2)}\n`;
    await expect(asSent).toMatchFileSnapshot(`../golden/tools/${name}.json`);
  },
);

test('no golden file is left of a tool that has gone', async () => {
  const files = (await readdir('tests/golden/tools')).map((name) => name.replace(/\.json$/, ''));
  expect(files.sort()).toEqual(TOOLS.map(({ name }) => name).sort());
});
