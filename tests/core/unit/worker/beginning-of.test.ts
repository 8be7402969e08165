import { expect, test } from 'vitest';
import { beginningOf } from '../../../../src/core/worker/state/extension.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const BASE = { name: 'main', ref: 'refs/heads/main', commit: 'a'.repeat(40) };

test('a build without the extension that copied files of a chat does not begin the branch without them', async () => {
  if (HAS_EXTENSIONS) return;
  const chat = {
    from: 'Claude Code',
    turns: 1,
    text: '',
    brought: { commit: 'b'.repeat(40), files: ['a.txt'] },
  };
  const begin = async (file: object) => await beginningOf({ file: sessionFileSample(file) } as Worker, BASE);
  expect(await begin({})).toBeUndefined();
  await expect(begin({ chat })).rejects.toMatchObject({ code: 'no_extension' });
});
