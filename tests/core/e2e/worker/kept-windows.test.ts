import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const SETTINGS = 'home/.config/samocode/.env';

const used = (fiveHours: number) => ({
  rules: [
    {
      when: { iteration: 1 },
      do: [
        { act: 'windows', fiveHours, sevenDays: 0.1 },
        { act: 'normal', signal: false },
      ],
    },
  ],
});

const childrenOf = async (rig: SessionRig) =>
  (await rig.events()).filter(({ type }) => type === 'iteration_started').length;

test.concurrent('no agent begins on what a person keeps, a model cannot use it, and a person who resumes can', async () => {
  await using rig = await startRig({
    supervised: true,
    files: { [SETTINGS]: 'KEEP_5H=20%\n' },
    scenario: used(0.85),
  });
  const { status } = await rig.until(({ status }) => status.kind === 'limited');
  expect(status).toMatchObject({
    guessed: false,
    kept: [{ provider: 'rehearsal', window: '5h', used: 0.85, keep: 20 }],
  });
  expect(await childrenOf(rig)).toBe(1);
  const view = await readSession(rig.paths, rig.context().host);
  expect(view && viewFacts(view).kept).toBe('rehearsal has used 85 % of 5 hours, and 20 % is kept');
  const { plan } = await getStatus({ session: rig.file.folder }, rig.context());
  expect(plan).toMatch(/^85 % of 5 hours, ends \d\d-\d\d \d\d:\d\d, seen \d+ s ago; 10 % of 7 days, /);
  const byModel = resumeSession({ session: rig.file.folder }, rig.context('tool'));
  await expect(byModel).rejects.toThrow('only a person may use it');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  const limits = (await rig.events()).filter(({ type }) => type === 'limited');
  expect(limits).toHaveLength(1);
});

test.concurrent('a session that waits for a kept window continues once less is kept', async () => {
  await using rig = await startRig({
    here: true,
    files: { [SETTINGS]: 'KEEP_5H=20%\n' },
    scenario: used(0.85),
  });
  await rig.until(({ status }) => status.kind === 'limited');
  await writeFile(join(rig.repo.homeDir, '.config/samocode/.env'), 'KEEP_5H=10%\n');
  await rig.launch();
  await rig.untilWaiting('qa_answers');
  expect((await rig.events()).filter(({ type }) => type === 'limited')).toHaveLength(1);
});

test.concurrent('a repository can keep more than the machine, and not less', async () => {
  await using rig = await startRig({
    here: true,
    lines: { KEEP_5H: '30%', KEEP_7D: '5%' },
    files: { [SETTINGS]: 'KEEP_5H=10%\nKEEP_7D=91\n' },
    scenario: used(0.75),
  });
  const { status } = await rig.until(({ status }) => status.kind === 'limited');
  expect(status).toMatchObject({ kept: [{ window: '5h', keep: 30 }] });
  expect(rig.file.settings.keep).toEqual({ '5h': 30, '7d': 5 });
});

test.concurrent('below the line, agents begin as ever', async () => {
  await using rig = await startRig({
    here: true,
    files: { [SETTINGS]: 'KEEP_5H=20%\nKEEP_7D=30%\n' },
    scenario: used(0.75),
  });
  await rig.untilWaiting('qa_answers');
  expect((await rig.events()).filter(({ type }) => type === 'limited')).toEqual([]);
});
