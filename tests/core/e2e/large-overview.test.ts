import { readdir, readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { MAX_OVERVIEW_BYTES } from '../../../src/core/session/layout/paths.ts';
import { ci } from '../../support/ci.ts';
import { startRig } from '../../support/session-rig.ts';

/** The overview after an agent that logs without end. */
const GROW = `
import { appendFileSync } from 'node:fs';
const line = '- [001 @ 01-08 14:37] Did one more thing\\n';
appendFileSync(process.env.REHEARSAL_SESSION_DIR + '/_overview.md', line.repeat(20_000_000 / line.length));
`;

test(
  'an overview of 20 MB is moved aside with a notice, and the session continues with one made from its events',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      scenario: {
        rules: [{ when: { iteration: 1 }, do: [{ act: 'script', path: 'grow.mjs' }, { act: 'normal' }] }],
      },
      files: { 'grow.mjs': GROW },
    });
    await rig.untilWaiting('qa_answers');
    const { sessionDir, overview } = rig.paths;
    const aside = (await readdir(sessionDir)).filter((name) => name.startsWith('_overview.md.aside-'));
    expect(aside).toHaveLength(1);
    expect((await stat(`${sessionDir}/${aside[0]}`)).size).toBeGreaterThan(MAX_OVERVIEW_BYTES);
    expect((await stat(overview)).size).toBeLessThan(20_000);
    expect(await readFile(overview, 'utf8')).toMatch(/^Phase: investigation$/m);
    expect(await rig.events()).toContainEqual(
      expect.objectContaining({
        type: 'notice',
        code: 'overview_replaced',
        text: expect.stringContaining(`is now ${aside[0]}`),
      }),
    );
  },
);
