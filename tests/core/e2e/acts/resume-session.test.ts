import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { ci } from '../../../support/ci.ts';
import { HANGS, NO_GATES, type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { waitForOne } from '../../../support/wait-for-one.ts';

/** A stopped session without gates, before its first agent. */
async function stopped({ lines, ...plan }: RigPlan = {}): Promise<SessionRig> {
  return await startRig({ here: true, ...plan, at: 'resting', lines: { ...NO_GATES, ...lines } });
}

/** If the rehearsal agent replaces Claude Code, whose arguments it accepts. */
function withClaude(rig: SessionRig): ReturnType<SessionRig['context']> {
  const context = rig.context();
  return { ...context, env: { ...context.env, IS_SANDBOX: '1', CLAUDE_PATH: rig.program('rehearsal') } };
}

test.concurrent('another provider does the work after the resume, in every phase', ci, async () => {
  // The worker needs the environment of the resume.
  await using rig = await stopped({ here: false });
  const session = rig.file.folder;
  const n = (await rig.state()).n;
  await resumeSession({ session, provider: 'claude', model: 'opus' }, withClaude(rig));
  await rig.until(({ progress }) => progress.totalIterations > 0);
  const started = (await rig.events(n)).find((event) => event.type === 'iteration_started');
  expect(started).toMatchObject({ provider: 'claude', model: 'opus' });
  expect((await rig.state()).chosen).toEqual({
    provider: 'claude',
    model: 'opus',
    cliPath: rig.program('rehearsal'),
  });
});

test.concurrent('a resume that names a phase continues there, unless a gate before it is closed', async () => {
  await using rig = await startRig({ here: true, at: 'resting', lines: { GATES: 'plan' } });
  const session = rig.file.folder;
  const ahead = resumeSession({ session, phase: 'testing' }, rig.context());
  await expect(ahead).rejects.toMatchObject({
    code: 'phase_closed',
    why: expect.stringContaining('no plan'),
  });
  expect((await rig.state()).status.kind).toBe('stopped');
  const { n } = await rig.state();
  await resumeSession({ session, phase: 'planning' }, rig.context());
  await rig.until(({ openIteration }) => openIteration !== undefined, { since: n });
  expect((await rig.state()).openIteration).toMatchObject({ phase: 'planning' });
});

test.concurrent('a new model does not change the provider', async () => {
  await using rig = await stopped();
  const n = (await rig.state()).n;
  await resumeSession({ session: rig.file.folder, model: 'tiny' }, rig.context());
  await rig.until(({ openIteration }) => openIteration !== undefined, { since: n });
  const started = (await rig.events(n)).find((event) => event.type === 'iteration_started');
  expect(started).toMatchObject({ provider: 'rehearsal', model: 'tiny' });
});

test.concurrent('an unknown or uninstalled provider is refused, and the session does not continue', async () => {
  await using rig = await stopped();
  const session = rig.file.folder;
  const wrong = resumeSession({ session, provider: 'clod' }, rig.context());
  await expect(wrong).rejects.toMatchObject({ code: 'setting_invalid' });
  const env = { ...rig.context().env, CODEX_PATH: '/no/such/codex' };
  const missing = resumeSession({ session, provider: 'codex' }, { ...rig.context(), env });
  await expect(missing).rejects.toMatchObject({ code: expect.stringMatching(/^cli_not_/) });
  expect((await rig.state()).status.kind).toBe('stopped');
});

test.concurrent('a resume does not cancel a requested stop: it reports the stop, and the session stops', async () => {
  await using rig = await stopped({ scenario: HANGS });
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const session = rig.file.folder;
  expect((await resumeSession({ session }, rig.context())).outcome).toBe('already_running');
  const goalTooEarly = resumeSession({ session, goal: 'More' }, rig.context());
  await expect(goalTooEarly).rejects.toMatchObject({ code: 'already_running' });
  await rig.stop('after_iteration');
  expect(statusSentence(await rig.view())).toContain('is running and stops after this iteration (');
  const early = resumeSession({ session }, rig.context());
  await expect(early).rejects.toMatchObject({
    code: 'stop_under_way',
    next: [{ act: 'follow' }],
  });
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  const later = await resumeSession({ session }, rig.context());
  expect(later.outcome).toBe('resumed');
});

test.concurrent('a queued session that no supervisor watches says so, and a resume starts its worker', async ({
  expect,
}) => {
  await using rig = await stopped({ here: false, scenario: HANGS, lines: { MAX_PARALLEL: '1' } });
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const context = rig.context();
  const { view } = await startSession({ task: 'x', name: 'second' }, context);
  const session = view.folder;
  const status = () => getStatus({ session }, context);
  await expect
    .poll(async () => {
      const { view: seen } = await status();
      return `${seen.state.status.kind} ${seen.worker}`;
    })
    .toBe('queued none');
  const result = await waitForOne({ session, cursor: '10000', until: 'change', timeoutMs: 600_000 }, context);
  expect(result).toMatchObject({ changed: true, worker: 'none needed', unwatched: expect.any(String) });
  await rig.stop('now');
  await rig.until(({ status: { kind } }) => kind === 'stopped');
  expect((await resumeSession({ session }, context)).outcome).toBe('resumed');
  await expect.poll(async () => (await status()).view.state.status.kind).toBe('running');
  await stopSession({ session, when: 'now' }, context);
  await expect.poll(async () => (await status()).worker).toBe('none needed');
});

test.concurrent('a session at a usage limit that no supervisor watches says so, and a resume starts its worker', async () => {
  const limit = { when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 3600 }] };
  await using rig = await stopped({ scenario: { rules: [limit] } });
  await rig.resume();
  await rig.until(({ status }) => status.kind === 'limited');
  const [session, context] = [rig.file.folder, rig.context()];
  await endOfWorker(rig);
  const result = await waitForOne({ session, cursor: '10000', until: 'done', timeoutMs: 600_000 }, context);
  expect(result).toMatchObject({ changed: true, worker: 'none needed', unwatched: expect.any(String) });
  expect((await resumeSession({ session }, context)).outcome).toBe('resumed');
  await rig.until(({ openIteration }) => openIteration?.iteration === 2, { leaveDead: true });
});
