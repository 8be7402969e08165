import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstNode } from '../../../../src/core/sandbox/programs/node-path.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test.each<[string, string[], number | undefined]>([
  ['new enough', ['v20.19.0', 'v22.3.0'], 0],
  ['with a longer number', ['v9.11.2', 'v100.0.0'], 1],
  ['behind those that are too old', ['v18.20.4', 'v20.18.9', 'v22.3.0'], 2],
  ['behind what is no Node', ['1.2.3', 'Electron', '', 'v21.0.0'], 3],
  ['in none of them', ['v20.18.9', 'Electron'], undefined],
])(
  'of the programs that could be Node, the first is taken that is: %s',
  async (_where, versions, expected) => {
    await using home = await tempDir();
    const paths = versions.map((_version, at) => join(home.path, `node-${at}`));
    for (const [at, path] of paths.entries())
      await writeFile(path, `#!/bin/sh\n[ "$1" = --version ] && echo ${versions[at]}\n`, { mode: 0o755 });
    const taken = firstNode([join(home.path, 'missing'), home.path, ...paths], { PATH: process.env.PATH });
    if (expected === undefined) await expect(taken).rejects.toMatchObject({ code: 'node_not_found' });
    else expect(await taken).toBe(paths[expected]);
  },
);
