import fs from 'node:fs';
import { readdir } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole } from '../../../../src/core/kernel/files/atomic-file.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** Fails like exFAT and shared folders of virtual machines. */
function withoutHardLinks(code: string): Disposable {
  const { linkSync } = fs;
  fs.linkSync = (from, to) => {
    throw Object.assign(new Error(`${code}: link '${from}' -> '${to}'`), { code, path: from });
  };
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      fs.linkSync = linkSync;
      syncBuiltinESMExports();
    },
  };
}

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])(
  'a disk that answers a hard link with %s is named as the reason',
  async (code) => {
    await using dir = await tempDir();
    using _disk = withoutHardLinks(code);
    await expect(writeWhole(join(dir.path, 'x'), 'x', { exclusive: true })).rejects.toMatchObject({
      code: 'no_hard_links',
      why: expect.stringContaining(`The file system of ${dir.path} has no hard links`),
    });
    expect(await readdir(dir.path)).toEqual([]);
  },
);
