import { readFile, writeFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { setServices } from '../../../../src/core/acts/sessions/services.act.ts';
import { isoUtc } from '../../../../src/core/kernel/clock.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { changeSettings } from '../../../core/faults/with-settings.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

async function wanted(rig: SessionRig) {
  return (await rig.events()).flatMap((event) => (event.type === 'services_wanted' ? [event.want] : []));
}

/** Has its worker look at the session once more, after all that happened before. */
async function looksAgain(rig: SessionRig): Promise<void> {
  const { by, clock } = rig.context();
  const before = (await wanted(rig)).length;
  const head = { v: 1, id: ulid(), by, at: isoUtc(clock.now()) } as const;
  await leaveCommand(rig.paths, { ...head, kind: 'services', want: 'up' });
  await expect.poll(() => wanted(rig)).toHaveLength(before + 1);
}

test('services of a person stay up while answers are typed, and end once these count', async () => {
  await using rig = await startRig({ at: 'asking', lines: { SERVICE_QUEUE: 'exec sleep 600' } });
  await changeSettings(rig, { typingRest: { markedMs: 0, unmarkedMs: 24 * 60 * 60_000 } });
  const edit = async (change: (text: string) => string) =>
    await writeFile(rig.paths.qa, change(await readFile(rig.paths.qa, 'utf8')));
  const up = { session: rig.paths.folder, projectDir: rig.repo.path, want: 'up', waits: true } as const;
  const { services } = await setServices(up, { ...rig.context(), clock: PATIENT_CLOCK });
  expect(services?.services).toMatchObject([{ name: 'queue', state: 'ready' }]);
  await edit((text) => text.replaceAll('_waiting_', 'A'));
  await looksAgain(rig);
  await looksAgain(rig);
  expect(await wanted(rig)).toEqual(['up', 'up', 'up']);
  await edit((text) => text.replace('Status: waiting', 'Status: answered'));
  await expect.poll(() => wanted(rig)).toContain('down');
});

test('a typed answer that chooses nothing ends no services of a person: it is explained, and the next one counts', async () => {
  const lines = { SERVICE_QUEUE: 'exec sleep 600', CHECK: 'false' };
  await using rig = await startRig({ here: true, lines, scenario: { rules: [] } });
  await rig.untilWaiting('qa_answers');
  await changeSettings(rig, { typingRest: { markedMs: 0, unmarkedMs: 24 * 60 * 60_000 } });
  const edit = async (change: (text: string) => string) =>
    await writeFile(rig.paths.qa, change(await readFile(rig.paths.qa, 'utf8')));
  const up = { session: rig.paths.folder, projectDir: rig.repo.path, want: 'up', waits: true } as const;
  await setServices(up, { ...rig.context(), clock: PATIENT_CLOCK });
  const answer = (text: string) => (qa: string) => {
    // The question of samocode itself comes last.
    const at = qa.indexOf('already fails');
    const before = qa.slice(0, at).replaceAll('_waiting_', 'A');
    const after = qa.slice(at).replace(/^\*\*Answer:\*\* .*$/m, `**Answer:** ${text}`);
    return `${before}${after}`.replace('Status: waiting', 'Status: answered');
  };
  await edit(answer('B that is intended'));
  await expect.poll(() => readFile(rig.paths.qa, 'utf8')).toContain('Not recorded: "B that is intended"');
  await looksAgain(rig);
  await looksAgain(rig);
  expect(await wanted(rig)).not.toContain('down');
  await edit(answer('B'));
  await expect.poll(() => wanted(rig)).toContain('down');
});
